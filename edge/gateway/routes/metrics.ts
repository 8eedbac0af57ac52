import { MillraceError } from "@millrace/core/contract";
import { errorFields, type Log } from "@millrace/core/log";
import type { Handler } from "hono";
import { within } from "../memory/within.ts";
import type { IsolateMetrics } from "../metrics/isolate-metrics.ts";
import { metricsContentTypes, metricsFormat, renderMetrics } from "../metrics/render-metrics.ts";
import { TELEMETRY_OBJECT, type TelemetryService } from "../metrics/telemetry-service.ts";
import { isLoopbackRequest } from "../pages/is-loopback-request.ts";

/** Below the ten seconds after which Prometheus gives a scrape up. */
const LIMIT_MS = 5_000;

export interface MetricsRouteDeps {
  readonly metrics: Pick<IsolateMetrics, "flush">;
  readonly telemetry: (name: string) => Pick<TelemetryService, "snapshot">;
  /** What a scraper must show. */
  readonly token: string | undefined;
  /** The local stack shows its numbers to this machine when there is no token. */
  readonly isLocalStack: boolean;
  readonly log: Log;
}

/** Both are hashed first, so that neither length nor content shows in the time that the comparison takes. */
async function isSame(given: string, expected: string): Promise<boolean> {
  const [a, b] = await Promise.all(
    [given, expected].map(
      async (text) => new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
    ),
  );
  let difference = 0;
  for (const [index, byte] of (a ?? []).entries()) difference |= byte ^ (b?.[index] ?? 0);
  return difference === 0;
}

async function admit(request: Request, { token, isLocalStack }: MetricsRouteDeps): Promise<void> {
  if (token === undefined) {
    if (isLocalStack && isLoopbackRequest(request)) return;
    const message =
      "Metrics are the operator's: set METRICS_TOKEN in the gateway's environment and send it as a bearer token.";
    throw new MillraceError("permission-denied", { message });
  }
  const given = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (given === undefined) {
    throw new MillraceError("missing-key", { message: "Send `authorization: Bearer <METRICS_TOKEN>`." });
  }
  if (!(await isSame(given, token))) throw new MillraceError("invalid-key", { message: "This is not METRICS_TOKEN." });
}

/** GET /metrics: what all isolates counted, for Prometheus and what reads its formats. */
export function metricsRoute(deps: MetricsRouteDeps): Handler {
  return async (context) => {
    await admit(context.req.raw, deps);
    // What this isolate knows need not wait for its next report.
    await deps.metrics.flush();
    try {
      const snapshot = await within(deps.telemetry(TELEMETRY_OBJECT).snapshot(), LIMIT_MS);
      const format = metricsFormat(context.req.header("accept") ?? null);
      const headers = { "content-type": metricsContentTypes[format], "cache-control": "no-store", vary: "accept" };
      return new Response(renderMetrics(snapshot, format), { headers });
    } catch (cause) {
      deps.log("error", "telemetry-away", errorFields(cause));
      throw new MillraceError("state-unavailable", { message: "The metrics are away.", cause });
    }
  };
}

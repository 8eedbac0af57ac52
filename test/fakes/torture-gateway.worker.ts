import type { LedgerAudit, LedgerUsage } from "@millrace/core/ledger";
import gateway from "../../edge/gateway/worker.ts";
import type { Ledger, TraceOutbox } from "./torture-functions.worker.ts";

export * from "../../edge/gateway/worker.ts";

interface TortureEnv extends Record<string, unknown> {
  readonly LEDGER: DurableObjectNamespace<Ledger>;
  readonly TRACE_OUTBOX: DurableObjectNamespace<TraceOutbox>;
}

/** What the test wants to know of the ledger, or do to it, on paths beside the gateway's. */
async function torture({ pathname, searchParams }: URL, env: TortureEnv): Promise<Response> {
  const name = searchParams.get("name") ?? "";
  const ledger = env.LEDGER.getByName(name);
  if (pathname === "/torture/audit") return Response.json((await ledger.audit()) satisfies LedgerAudit);
  if (pathname === "/torture/usage") {
    const rows: readonly LedgerUsage[] = await ledger.usage({ limit: 10_000 });
    return Response.json(rows);
  }
  const object = name.startsWith("outbox-") ? env.TRACE_OUTBOX.getByName(name) : ledger;
  await object.crash().catch(() => undefined);
  return new Response(null, { status: 204 });
}

export default {
  fetch(request, env, context) {
    const url = new URL(request.url);
    return url.pathname.startsWith("/torture/") ? torture(url, env) : gateway.fetch(request, env, context);
  },
} satisfies ExportedHandler<TortureEnv>;

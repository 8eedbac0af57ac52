import { z } from "zod";

/** Where traces go, as the operator set it. */
export interface OtlpTarget {
  /** Of traces: `…/v1/traces`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface PostDeps {
  readonly fetch: typeof fetch;
  readonly nowMs: () => number;
}

export type PostOutcome =
  | { readonly kind: "taken"; readonly rejectedSpans: number }
  /** Worth another try, after so long where the collector said it. */
  | { readonly kind: "away"; readonly status: number | undefined; readonly retryAfterS: number | undefined }
  /** The same request will never be taken. */
  | { readonly kind: "refused"; readonly status: number };

/** What OTLP/HTTP lets a client try again: https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes. */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** The default of OTEL_EXPORTER_OTLP_TIMEOUT. */
const TIMEOUT_MS = 10_000;
/** A collector that asks for more is asked again after an hour all the same. */
const MAX_RETRY_AFTER_S = 3_600;

const answerSchema = z.object({
  partialSuccess: z
    .object({ rejectedSpans: z.coerce.number().int().nonnegative().default(0), errorMessage: z.string().optional() })
    .optional(),
});

function retryAfterS(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - nowMs) / 1000;
  return Number.isFinite(seconds) ? Math.min(MAX_RETRY_AFTER_S, Math.max(0, Math.ceil(seconds))) : undefined;
}

/** A collector may answer with nothing, or in protobuf although it was asked in JSON: what was taken is taken. */
async function rejectedSpans(response: Response): Promise<number> {
  try {
    const parsed = answerSchema.safeParse(await response.json());
    return parsed.data?.partialSuccess?.rejectedSpans ?? 0;
  } catch {
    return 0;
  }
}

/** One export request. Never throws. */
export async function postOtlp(body: string, target: OtlpTarget, deps: PostDeps): Promise<PostOutcome> {
  try {
    const response = await deps.fetch(target.url, {
      method: "POST",
      headers: { ...target.headers, "content-type": "application/json" },
      body,
      // The operator named this address and no other; headers with a key do not follow a redirect.
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.ok) return { kind: "taken", rejectedSpans: await rejectedSpans(response) };
    await response.body?.cancel();
    const { status } = response;
    if (!RETRYABLE.has(status)) return { kind: "refused", status };
    return { kind: "away", status, retryAfterS: retryAfterS(response.headers.get("retry-after"), deps.nowMs()) };
  } catch {
    return { kind: "away", status: undefined, retryAfterS: undefined };
  }
}

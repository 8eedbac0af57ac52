import type { ErrorCode, JsonValue, Usage } from "@millrace/core/contract";
import { serverAddress } from "./server-address.ts";
import type { Target } from "./target.ts";
import type { Timeline } from "./timeline.ts";

/** Why a call was made: `resume` goes on with an answer whose stream broke. */
export type AttemptKind = "first" | "retry" | "fallback" | "hedge" | "resume";

/** `cancelled`: the caller left, or the call lost its race against another. */
export type AttemptOutcome = "ok" | "failed" | "cancelled";

/** One call upstream, when it is over. */
export interface Attempt {
  readonly target: Target;
  /** The name of the secret that it used. */
  readonly secretName: string | undefined;
  readonly kind: AttemptKind;
  readonly outcome: AttemptOutcome;
  readonly errorCode: ErrorCode | undefined;
  /** What the server answered with; undefined where it did not get so far. */
  readonly httpStatus: number | undefined;
  readonly startedAtMs: number;
  readonly firstTokenMs: number | undefined;
  /** Characters of the answer that came, delivered or not. */
  readonly receivedChars: number;
  /** As the provider reported it; of a call that was cancelled, an estimate. Undefined = it is not known to have consumed anything. */
  readonly usage: Usage | undefined;
  /** The server may have carried the call out although nothing of it came; undefined = it did not, or said what it consumed. */
  readonly inDoubt?: Doubt | undefined;
}

/** What a call consumed of which nobody knows whether it was carried out. */
export interface Doubt {
  /** Of what was sent; undefined where that cannot be estimated. */
  readonly estimate: Usage | undefined;
}

function attributesOf(attempt: Attempt): Record<string, JsonValue> {
  const { target, usage } = attempt;
  return {
    provider: target.provider.name,
    provider_kind: target.provider.kind,
    server_address: serverAddress(target.provider) ?? null,
    model: target.model,
    key: attempt.secretName ?? null,
    kind: attempt.kind,
    outcome: attempt.outcome,
    error_code: attempt.errorCode ?? null,
    http_status: attempt.httpStatus ?? null,
    first_token_ms: attempt.firstTokenMs ?? null,
    received_chars: attempt.receivedChars,
    in_doubt: attempt.inDoubt !== undefined,
    usage:
      usage === undefined
        ? null
        : {
            input_tokens: usage.inputTokens ?? null,
            output_tokens: usage.outputTokens ?? null,
            source: usage.source,
          },
  };
}

/** What an exchange tried, in the order in which it was over. Each attempt is a span of the trace as well. */
export class AttemptLog {
  readonly #timeline: Timeline;
  readonly #attempts: Attempt[] = [];
  #answeredBy: Target | undefined;
  #started = 0;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  get attempts(): readonly Attempt[] {
    return this.#attempts;
  }

  /** Calls begun. */
  get started(): number {
    return this.#started;
  }

  /** The target whose answer the caller gets; of a resumed stream, the last one. */
  get answeredBy(): Target | undefined {
    return this.#answeredBy;
  }

  begin(): void {
    this.#started++;
  }

  answers(target: Target): void {
    this.#answeredBy = target;
  }

  add(attempt: Attempt): void {
    this.#attempts.push(attempt);
    this.#timeline.add("attempt", attempt.startedAtMs, attributesOf(attempt));
  }
}

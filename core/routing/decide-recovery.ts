import type { JsonObject, Surface } from "@millrace/core/contract";

/** What a caller of a stream has when it breaks. */
export interface DeliveredAnswer {
  readonly text: string;
  readonly reasoning: string;
  /** The first thing delivered that no second telling can be joined to. */
  readonly unjoinable: UnjoinableContent | undefined;
}

/** Ids, arguments and parts of messages are new in each telling: nothing that a client has begun to assemble can be continued. */
export type UnjoinableContent = "tool-call" | "refusal" | "other-content";

/** How a broken stream goes on: from the delivered text as a prefill, or told again with what was delivered suppressed. */
export type RecoveryWay = "continue" | "regenerate";

export type RecoveryDecision =
  | { readonly kind: "resume"; readonly ways: readonly RecoveryWay[] }
  | {
      readonly kind: "fail";
      readonly reason: UnjoinableContent | "turned-off" | "several-choices" | "logprobs" | "echo";
    };

export interface BrokenExchange {
  readonly surface: Surface;
  readonly recovery: "resume" | "fail";
  readonly choices: number;
  readonly fields: Readonly<JsonObject>;
}

function asks(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== 0;
}

function formatOf(fields: Readonly<JsonObject>): unknown {
  const format = fields["response_format"];
  return typeof format === "object" && format !== null && !Array.isArray(format) ? format["type"] : undefined;
}

/**
 * Whether, and how, a stream that broke can become one whole answer. `continue` comes first where it is possible: it costs only the rest, and
 * cannot diverge. A constrained format excludes it, because a grammar begins at its start; then only the same text told again fits.
 */
export function decideRecovery(delivered: DeliveredAnswer, exchange: BrokenExchange): RecoveryDecision {
  const { fields } = exchange;
  if (exchange.recovery === "fail") return { kind: "fail", reason: "turned-off" };
  if (delivered.unjoinable !== undefined) return { kind: "fail", reason: delivered.unjoinable };
  if (exchange.choices !== 1) return { kind: "fail", reason: "several-choices" };
  if (asks(fields["logprobs"])) return { kind: "fail", reason: "logprobs" };
  if (asks(fields["echo"]) || asks(fields["suffix"])) return { kind: "fail", reason: "echo" };
  const format = formatOf(fields);
  const free = format === undefined || format === "text";
  const canContinue = free && delivered.text.trim() !== "";
  return { kind: "resume", ways: canContinue ? ["continue", "regenerate"] : ["regenerate"] };
}

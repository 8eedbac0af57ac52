import { type JsonObject, MillraceError, toMillraceError } from "@millrace/core/contract";
import {
  classifyFailure,
  continueRequest,
  decideRecovery,
  type DeliveredAnswer,
  joinContinued,
  joinRegenerated,
  resumeOrder,
  type ResumeStep,
} from "@millrace/core/routing";
import type { ModelCall } from "../../exchange/model-call.ts";
import type { FrameBatch } from "../../providers/provider.ts";
import type { AttemptEngine } from "./attempt-engine.ts";
import { Continuation, type StreamHead } from "./continuation.ts";
import { roughTokens, type TargetCall } from "./target-call.ts";

export interface BrokenStream {
  /** Position in the plan of the target whose stream broke. */
  readonly index: number;
  readonly error: MillraceError;
  readonly delivered: DeliveredAnswer;
  readonly head: StreamHead;
}

export interface ResumedStream {
  readonly call: TargetCall;
  readonly index: number;
  readonly continuation: Continuation;
  /** The first frames that the caller does not have. */
  readonly batch: FrameBatch;
}

interface PlannedContinuation {
  readonly call: ModelCall;
  readonly continuation: Continuation;
}

/** The error of a stream that cannot go on: what broke it, and why that was the end. */
function final(error: MillraceError, reason: string): MillraceError {
  return new MillraceError(error.code, {
    message: `${error.message.replace(/(?<![.!?])$/, ".")} It could not be resumed: ${reason}.`,
    cause: error,
    ...(error.causes === undefined ? {} : { causes: error.causes }),
    ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
  });
}

/** The call that goes on with an answer in one of the two ways; undefined where the request leaves no place for it. */
function planContinuation(
  engine: AttemptEngine,
  broken: BrokenStream,
  step: ResumeStep,
): PlannedContinuation | undefined {
  const target = engine.resolution.candidates[step.candidate];
  if (target === undefined) return undefined;
  const { surface, exceedsFields } = engine.resolution;
  const { delivered, head } = broken;
  const { native, ...translated } = engine.resolution.callFor(target);
  // Only the caller's own words say all of it, and nothing can be put behind those.
  const isNative = exceedsFields === true && native !== undefined;
  if (isNative && step.way === "continue") return undefined;
  const call: ModelCall = isNative ? { ...translated, native } : translated;
  if (step.way === "regenerate") {
    const reasoning = delivered.text === "" ? joinRegenerated(delivered.reasoning) : undefined;
    const text = joinRegenerated(delivered.text);
    return { call, continuation: new Continuation({ head, text, reasoning, prefillTokens: 0 }) };
  }
  const asked = { text: delivered.text, tokens: roughTokens(delivered.text.length) };
  const fields = continueRequest({ surface, fields: call.fields }, asked);
  // The text of a call may say more than its fields do: it is what is sent.
  const sent = continueRequest({ surface, fields: JSON.parse(call.text) as JsonObject }, asked);
  if (fields === undefined || sent === undefined) return undefined;
  const text = joinContinued(delivered.text, sent.prefillLength);
  const prefillTokens = roughTokens(sent.prefillLength);
  return {
    call: { ...call, fields: fields.fields, text: JSON.stringify(sent.fields) },
    continuation: new Continuation({ head, text, reasoning: undefined, prefillTokens }),
  };
}

/** Reads a second telling until it says something new. @throws MillraceError when it breaks, or differs from what was delivered. */
async function firstFresh(call: TargetCall, continuation: Continuation): Promise<FrameBatch> {
  const answer = await call.open();
  if (answer.kind !== "stream") {
    const error = new MillraceError("upstream-garbage", {
      message: "The model's server did not answer with a stream.",
    });
    call.reject(error);
    throw error;
  }
  for (let batch: FrameBatch | undefined = answer.first; batch !== undefined; batch = await call.next()) {
    const fresh = continuation.take(batch);
    if (continuation.diverged) {
      const error = divergence();
      call.reject(error);
      throw error;
    }
    if (fresh.length > 0) return fresh;
  }
  return [];
}

/** The error of a telling that differs from what the caller has. */
export function divergence(): MillraceError {
  return new MillraceError("upstream-truncated", {
    message: "The model's answer, told again, differs from what was delivered.",
  });
}

/**
 * Finds a target that goes on with an answer whose stream broke after some of it was delivered.
 * @throws MillraceError what broke it, with all causes, when nobody can.
 */
export async function resumeStream(engine: AttemptEngine, broken: BrokenStream): Promise<ResumedStream> {
  const { resolution, deps } = engine;
  const { error, delivered, index } = broken;
  const failure = classifyFailure(error);
  engine.miss(index, error);
  engine.broke(index);
  if (failure.class === "caller" || failure.class === "policy" || failure.class === "request") throw error;
  const decision = decideRecovery(delivered, {
    surface: resolution.surface,
    recovery: resolution.resilience.recovery,
    choices: resolution.choices,
    fields: resolution.fields,
  });
  if (decision.kind === "fail") throw final(error, decision.reason);
  const steps = resumeOrder({
    surface: resolution.surface,
    candidates: resolution.candidates,
    broken: engine.broken,
    spent: engine.spent,
    retryHelps: failure.retryHelps,
    ways: decision.ways,
  });
  for (const step of steps) {
    if (!engine.mayTry) break;
    const planned = planContinuation(engine, broken, step);
    if (planned === undefined) continue;
    if (engine.broken.includes(step.candidate)) await engine.backOff(1);
    const place = await engine.admit(step.candidate);
    if (place === undefined) continue;
    const call = engine.start(place, "resume", planned.call);
    try {
      const batch = await firstFresh(call, planned.continuation);
      deps.attempts.answers(call.target);
      return { call, index: step.candidate, continuation: planned.continuation, batch };
    } catch (cause) {
      const missed = toMillraceError(cause);
      if (missed.code === "client-closed") throw missed;
      engine.miss(step.candidate, missed);
    }
  }
  throw final(engine.failure(error), steps.length === 0 ? "no other target is left" : "no target could go on with it");
}

import type { TraceRecord } from "@millrace/core/contract";
import type { AttemptLog } from "../exchange/attempt-log.ts";
import type { Admission } from "../exchange/admission.ts";
import type { PromptChoice, Resolution } from "../exchange/resolution.ts";

export interface AnswerFacts {
  readonly traceId: string;
  readonly admission?: Admission;
  readonly resolution?: Resolution;
  readonly cache?: TraceRecord["cache"];
  readonly attempts: AttemptLog;
  readonly serverTiming: string;
  /** Undefined: not known, or not known yet. */
  readonly costUsdMicros?: number | undefined;
}

function promptHeader(prompt: PromptChoice): string {
  const version = `${prompt.name}@${prompt.version}`;
  return prompt.label === null ? version : `${version}; label=${prompt.label}`;
}

/** A model's name may hold what a header may not. */
function headerText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, (character) => encodeURIComponent(character));
}

/** What every answer says about itself; an error says as much of it as is known. */
export function answerHeaders(facts: AnswerFacts): Record<string, string> {
  const headers: Record<string, string> = { "x-millrace-trace": facts.traceId, "server-timing": facts.serverTiming };
  const { admission, resolution, cache } = facts;
  if (resolution !== undefined) {
    headers["x-millrace-resolved"] = resolution.resolvedHash;
    if (resolution.prompt !== undefined) headers["x-millrace-prompt"] = promptHeader(resolution.prompt);
  }
  const { started, answeredBy } = facts.attempts;
  if (started > 0) headers["x-millrace-attempts"] = String(started);
  if (answeredBy !== undefined) {
    headers["x-millrace-tier"] = answeredBy.tier;
    headers["x-millrace-provider"] = answeredBy.provider.name;
    headers["x-millrace-model"] = headerText(answeredBy.model);
  }
  if (cache !== undefined) headers["x-millrace-cache"] = cache;
  if (facts.costUsdMicros !== undefined) headers["x-millrace-cost-usd-micros"] = String(facts.costUsdMicros);
  if (admission?.config.stale === true) {
    headers["x-millrace-config"] = `stale; age=${Math.round(admission.config.ageMs / 1000)}`;
  }
  return headers;
}

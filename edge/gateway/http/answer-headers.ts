import type { TraceRecord } from "@millrace/core/contract";
import type { Admission } from "../exchange/admission.ts";
import type { PromptChoice, Resolution } from "../exchange/resolution.ts";

export interface AnswerFacts {
  readonly traceId: string;
  readonly admission?: Admission;
  readonly resolution?: Resolution;
  readonly cache?: TraceRecord["cache"];
  readonly serverTiming: string;
}

function promptHeader(prompt: PromptChoice): string {
  const version = `${prompt.name}@${prompt.version}`;
  return prompt.label === null ? version : `${version}; label=${prompt.label}`;
}

/** What every answer says about itself; an error says as much of it as is known. */
export function answerHeaders(facts: AnswerFacts): Record<string, string> {
  const headers: Record<string, string> = { "x-millrace-trace": facts.traceId, "server-timing": facts.serverTiming };
  const { admission, resolution, cache } = facts;
  if (resolution !== undefined) {
    headers["x-millrace-resolved"] = resolution.resolvedHash;
    headers["x-millrace-tier"] = resolution.target.tier;
    if (resolution.prompt !== undefined) headers["x-millrace-prompt"] = promptHeader(resolution.prompt);
  }
  if (cache !== undefined) headers["x-millrace-cache"] = cache;
  if (admission?.config.stale === true) {
    headers["x-millrace-config"] = `stale; age=${Math.round(admission.config.ageMs / 1000)}`;
  }
  return headers;
}

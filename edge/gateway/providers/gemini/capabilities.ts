import type { Capability } from "@millrace/core/contract";
import { basicsAnd } from "../openai-wire/capability-sets.ts";

const gemini = basicsAnd("images", "audio-input", "files", "logprobs", "multiple-choices");
/** Gemma answers in text and has neither tools nor a schema for its answer. */
const gemma: ReadonlySet<Capability> = new Set<Capability>(["streaming", "images", "seed"]);

/** What a model of Google's can do. A trailing assistant turn is not continued by any of them. */
export function capabilities(model: string): ReadonlySet<Capability> {
  return model.toLowerCase().includes("gemma") ? gemma : gemini;
}

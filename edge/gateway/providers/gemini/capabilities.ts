import type { Capability } from "@millrace/core/contract";

const gemini: ReadonlySet<Capability> = new Set<Capability>([
  "streaming",
  "tools",
  "parallel-tools",
  "json-object",
  "json-schema",
  "images",
  "audio-input",
  "files",
  "logprobs",
  "multiple-choices",
  "seed",
]);
/** Gemma answers in text and has neither tools nor a schema for its answer. */
const gemma: ReadonlySet<Capability> = new Set<Capability>(["streaming", "images", "seed"]);

/** What a model of Google's can do. A trailing assistant turn is not continued by any of them. */
export function capabilities(model: string): ReadonlySet<Capability> {
  return model.toLowerCase().includes("gemma") ? gemma : gemini;
}

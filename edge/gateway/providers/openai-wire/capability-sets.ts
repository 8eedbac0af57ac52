import { type Capability, capabilitySchema } from "@millrace/core/contract";

/** What a model of today does in a chat, whoever serves it. */
const basics: readonly Capability[] = ["streaming", "tools", "parallel-tools", "json-object", "json-schema", "seed"];

/** What servers that speak a subset of OpenAI's API lack. */
export const subsetLacks: readonly Capability[] = [
  "audio-input",
  "audio-output",
  "files",
  "multiple-choices",
  "prefill",
  "parallel-tools",
];

/** What every model of today does in a chat, and what is named; a set that is made once, since it is asked for with every request. */
export function basicsAnd(...more: readonly Capability[]): ReadonlySet<Capability> {
  return new Set([...basics, ...more]);
}

/** Everything but what is named; made once, too. */
export function allExcept(...without: readonly Capability[]): ReadonlySet<Capability> {
  return new Set(capabilitySchema.options.filter((capability) => !without.includes(capability)));
}

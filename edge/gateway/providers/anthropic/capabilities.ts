import type { Capability } from "@millrace/core/contract";
import { modelTraits } from "./model-traits.ts";

const always: readonly Capability[] = ["streaming", "tools", "parallel-tools", "json-object", "images", "files"];

/** What a Claude model can do. Older ones answer in JSON by a tool that they must call, which does not hold them to a schema. */
export function capabilities(model: string): ReadonlySet<Capability> {
  const { prefill, structuredOutputs } = modelTraits(model);
  return new Set<Capability>([
    ...always,
    ...(structuredOutputs ? (["json-schema"] as const) : []),
    ...(prefill ? (["prefill"] as const) : []),
  ]);
}

import type { Capability } from "@millrace/core/contract";

const command: readonly Capability[] = ["streaming", "tools", "parallel-tools", "json-object", "json-schema", "seed"];

/** What a Command or Aya model can do. Only those made for it see. */
export function capabilities(model: string): ReadonlySet<Capability> {
  const name = model.toLowerCase();
  if (name.includes("aya"))
    return new Set<Capability>(["streaming", "seed", ...(name.includes("vision") ? (["images"] as const) : [])]);
  return new Set([...command, ...(name.includes("vision") ? (["images"] as const) : [])]);
}

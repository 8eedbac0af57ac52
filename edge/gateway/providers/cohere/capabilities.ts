import type { Capability } from "@millrace/core/contract";
import { basicsAnd } from "../openai-wire/capability-sets.ts";

const command = basicsAnd();
const commandVision = basicsAnd("images");

/** What a Command or Aya model can do. Only those made for it see. */
export function capabilities(model: string): ReadonlySet<Capability> {
  const name = model.toLowerCase();
  if (name.includes("aya"))
    return new Set<Capability>(["streaming", "seed", ...(name.includes("vision") ? (["images"] as const) : [])]);
  return name.includes("vision") ? commandVision : command;
}

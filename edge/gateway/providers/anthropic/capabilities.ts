import type { Capability } from "@millrace/core/contract";
import { modelTraits } from "./model-traits.ts";

const always: readonly Capability[] = [
  "streaming",
  "tools",
  "parallel-tools",
  "json-object",
  "json-schema",
  "images",
  "files",
];

/** What a Claude model can do. JSON comes by its own output format or by a tool that it must call. */
export function capabilities(model: string): ReadonlySet<Capability> {
  return new Set([...always, ...(modelTraits(model).prefill ? (["prefill"] as const) : [])]);
}

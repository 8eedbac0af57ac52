import type { JsonObject } from "@millrace/core/contract";

export interface TruncationRule {
  readonly maxTokens: number;
  readonly tokensOf: (item: JsonObject) => number;
}

const isInstruction = (item: JsonObject): boolean =>
  item["type"] === "message" && (item["role"] === "system" || item["role"] === "developer");

/** Results at the end are what the model is asked to go on from: they stay, and so do their calls. */
function answeredNow(items: readonly JsonObject[]): ReadonlySet<unknown> {
  const last = items.findLastIndex((item) => item["type"] !== "function_call_output");
  return new Set(items.slice(last + 1).map((item) => item["call_id"]));
}

/**
 * `truncation: "auto"`: drops the oldest items until the rest fits. Instructions and the last item stay; a result never stays without its call,
 * which would make the conversation invalid.
 */
export function truncateItems(items: readonly JsonObject[], rule: TruncationRule): JsonObject[] {
  let tokens = items.reduce((sum, item) => sum + rule.tokensOf(item), 0);
  const dropped = new Set<number>();
  const calls = new Set<unknown>();
  const pending = answeredNow(items);
  for (const [index, item] of items.entries()) {
    const orphaned = item["type"] === "function_call_output" && calls.has(item["call_id"]);
    const mayGo =
      tokens > rule.maxTokens &&
      index < items.length - 1 &&
      !isInstruction(item) &&
      !pending.has(item["call_id"] ?? null);
    if (!orphaned && !mayGo) continue;
    dropped.add(index);
    tokens -= rule.tokensOf(item);
    if (item["type"] === "function_call") calls.add(item["call_id"]);
  }
  return items.filter((_, index) => !dropped.has(index));
}

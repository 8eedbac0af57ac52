import type { ModelEvent, Usage } from "@millrace/core/contract";

/** OpenAI's `service_tier` of an answer that was not served in the ordinary way: its price depends on it. */
export function tierEvent(usage: Usage | undefined): readonly ModelEvent[] {
  const tier = usage?.serviceTier;
  if (tier === undefined || tier === "standard" || tier === "default") return [];
  return [{ type: "extra", choice: undefined, field: "service_tier", value: tier }];
}

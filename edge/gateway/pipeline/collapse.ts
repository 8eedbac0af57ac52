import type { JsonObject } from "@millrace/core/contract";
import { within } from "../memory/within.ts";
import type { CacheDecision } from "../stages/cache/index.ts";
import type { ExchangeRun } from "./exchange-run.ts";

/** A leader whose own request was killed never lands; after this long its followers ask for themselves. Most answers are over by then. */
const FOLLOW_LIMIT_MS = 60_000;

/**
 * Identical misses that are under way at once become one call: the first asks the model, the others get its answer as a hit. When that answer
 * cannot be shared (it failed, or is not kept), all of them ask at once, none waits for another again.
 */
export async function collapse(
  run: ExchangeRun,
  miss: Extract<CacheDecision, { state: "miss" }>,
): Promise<CacheDecision> {
  if (miss.reason === "refresh") return miss;
  const flight = run.deps.flights.join(miss.key);
  if (flight.role === "leader") {
    run.lead(flight);
    return miss;
  }
  const text = await within(flight.landed, FOLLOW_LIMIT_MS).catch(() => undefined);
  if (text === undefined) return miss;
  return { state: "hit", reason: "collapsed", text, body: JSON.parse(text) as JsonObject, ageSeconds: 0 };
}

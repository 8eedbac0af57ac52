import { type JsonObject, MillraceError } from "@millrace/core/contract";
import { within } from "../memory/within.ts";
import { type CacheDecision, FLIGHT_LIMIT_MS } from "../stages/cache/index.ts";
import type { ExchangeRun } from "./exchange-run.ts";

/** What the leader came to; undefined as well once the caller has left, who waits for nothing any more. */
function landedFor(callerLeft: AbortSignal, landed: Promise<string | undefined>): Promise<string | undefined> {
  return new Promise((resolve) => {
    const leave = (): void => resolve(undefined);
    if (callerLeft.aborted) return leave();
    callerLeft.addEventListener("abort", leave, { once: true });
    const stay = (): void => callerLeft.removeEventListener("abort", leave);
    within(landed, FLIGHT_LIMIT_MS).then(resolve, leave).finally(stay);
  });
}

/**
 * Identical misses that are under way at once become one call: the first asks the model, the others get its answer as a hit. When that answer
 * cannot be shared (it failed, or is not kept), all of them ask at once, none waits for another again.
 * @throws MillraceError `client-closed` when the caller leaves while it waits.
 */
export async function collapse(
  run: ExchangeRun,
  miss: Extract<CacheDecision, { state: "miss" }>,
): Promise<CacheDecision> {
  if (miss.reason === "refresh") return miss;
  const flight = run.deps.flights.join(miss.key, run.deps.nowMs());
  if (flight.role === "leader") {
    run.lead(flight);
    return miss;
  }
  const { signal } = run.caller.request;
  const text = await landedFor(signal, flight.landed);
  if (signal.aborted) throw new MillraceError("client-closed");
  if (text === undefined) return miss;
  return { state: "hit", reason: "collapsed", text, body: JSON.parse(text) as JsonObject, ageSeconds: 0 };
}

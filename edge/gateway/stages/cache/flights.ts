/** What a leader's call came to: the answer's text, or undefined when it left nothing to share. */
type Landed = string | undefined;

/** The first of several identical questions asks the model; it must land, whatever happens. */
export interface Leader {
  readonly role: "leader";
  /**
   * Gives the followers the answer, or sends them off to ask for themselves. Only the first call counts.
   * @param kept until it settles, who comes gets this answer: the cache does not have it yet.
   */
  land(text: Landed, kept?: Promise<unknown>): void;
}

export interface Follower {
  readonly role: "follower";
  readonly landed: Promise<Landed>;
}

/** A leader whose own request was killed never lands; nobody waits for one longer than this. Most answers are over by then. */
export const FLIGHT_LIMIT_MS = 60_000;

interface Flight {
  readonly landed: Promise<Landed>;
  readonly begunAtMs: number;
}

/**
 * Identical questions that are under way in this isolate at once: one asks the model, the others wait for its answer. An isolate is as far as this reaches; between
 * isolates the cache itself is the meeting point.
 */
export class Flights {
  readonly #flights = new Map<string, Flight>();

  /** Who comes after the limit leads again: a leader that never lands holds up those who followed it, and nobody after them. */
  join(key: string, nowMs: number): Leader | Follower {
    const under = this.#flights.get(key);
    if (under !== undefined && nowMs - under.begunAtMs < FLIGHT_LIMIT_MS)
      return { role: "follower", landed: under.landed };
    const { promise, resolve } = Promise.withResolvers<Landed>();
    const flight: Flight = { landed: promise, begunAtMs: nowMs };
    this.#flights.set(key, flight);
    return {
      role: "leader",
      land: (text, kept = Promise.resolve()) => {
        resolve(text);
        void kept.finally(() => {
          if (this.#flights.get(key) === flight) this.#flights.delete(key);
        });
      },
    };
  }
}

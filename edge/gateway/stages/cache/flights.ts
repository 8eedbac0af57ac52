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

/**
 * Identical questions that are under way in this isolate at once: one asks the model, the others wait for its answer. An isolate is as far as this reaches; between
 * isolates the cache itself is the meeting point.
 */
export class Flights {
  readonly #flights = new Map<string, Promise<Landed>>();

  join(key: string): Leader | Follower {
    const flight = this.#flights.get(key);
    if (flight !== undefined) return { role: "follower", landed: flight };
    const { promise, resolve } = Promise.withResolvers<Landed>();
    this.#flights.set(key, promise);
    return {
      role: "leader",
      land: (text, kept = Promise.resolve()) => {
        resolve(text);
        void kept.finally(() => {
          if (this.#flights.get(key) === promise) this.#flights.delete(key);
        });
      },
    };
  }
}

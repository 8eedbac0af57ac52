import type { AnswerCache, KeptAnswer } from "./index.ts";

/** Characters of all answers together; an isolate has 128 MB, and a character takes two bytes at most. */
const MAX_CHARS = 4 * 1024 * 1024;
/** One answer that takes more leaves too little to the others. */
const MAX_ANSWER_CHARS = 64 * 1024;

interface Entry {
  readonly answer: KeptAnswer;
  readonly expiresAtMs: number;
}

/**
 * The answers that this isolate served last, before a cache that is farther away: a hit then costs no call at all. A purge needs nothing of it, since
 * what is purged is never asked for again: its key holds the purges.
 */
export class NearCache implements AnswerCache {
  readonly #far: AnswerCache;
  readonly #nowMs: () => number;
  /** The one used least recently first. */
  readonly #entries = new Map<string, Entry>();
  #chars = 0;

  constructor(far: AnswerCache, nowMs: () => number) {
    this.#far = far;
    this.#nowMs = nowMs;
  }

  async get(key: string): Promise<KeptAnswer | undefined> {
    const near = this.#take(key);
    if (near !== undefined && near.expiresAtMs > this.#nowMs()) {
      this.#keep(key, near);
      return near.answer;
    }
    const answer = await this.#far.get(key);
    // What was put meanwhile is newer than what was read.
    if (answer?.expiresAtMs !== undefined && !this.#entries.has(key))
      this.#keep(key, { answer, expiresAtMs: answer.expiresAtMs });
    return answer;
  }

  async put(key: string, text: string, ttlSeconds: number): Promise<void> {
    const keptAtMs = this.#nowMs();
    const expiresAtMs = keptAtMs + ttlSeconds * 1000;
    this.#take(key);
    this.#keep(key, { answer: { text, keptAtMs, expiresAtMs }, expiresAtMs });
    await this.#far.put(key, text, ttlSeconds);
  }

  /** Takes it out. */
  #take(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#chars -= entry.answer.text.length;
    return entry;
  }

  #keep(key: string, entry: Entry): void {
    const { length } = entry.answer.text;
    if (length > MAX_ANSWER_CHARS) return;
    this.#take(key);
    this.#entries.set(key, entry);
    this.#chars += length;
    for (const oldest of this.#entries.keys()) {
      if (this.#chars <= MAX_CHARS) return;
      this.#take(oldest);
    }
  }
}

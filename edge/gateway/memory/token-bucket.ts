/** At most `burst` takings at once and `perSecond` in the long run. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perSecond: number;
  #tokens: number;
  #filledAtMs = 0;

  constructor(rule: { readonly burst: number; readonly perSecond: number }) {
    this.#burst = rule.burst;
    this.#perSecond = rule.perSecond;
    this.#tokens = rule.burst;
  }

  take(nowMs: number): boolean {
    const gained = (Math.max(0, nowMs - this.#filledAtMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

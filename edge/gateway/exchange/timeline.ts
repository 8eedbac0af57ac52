import type { JsonValue, Span } from "@millrace/core/contract";

export interface SpanClock {
  /** Milliseconds since the epoch; only moves between I/O on Cloudflare, which is where time goes here. */
  readonly nowMs: () => number;
}

/** One stretch of an exchange: a stage, or a call upstream. */
export interface Interval {
  readonly name: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly attributes: Record<string, JsonValue>;
}

/** As a number: toFixed takes several times as long, and this is on the way of every answer. */
function hundredths(ms: number): number {
  return Math.round(Math.max(0, ms) * 100) / 100;
}

/** What an exchange spent its time on. The one thing that stages write to together, and only by appending. */
export class Timeline {
  readonly startedAtMs: number;
  readonly #clock: SpanClock;
  readonly #intervals: Interval[] = [];

  constructor(clock: SpanClock) {
    this.#clock = clock;
    this.startedAtMs = clock.nowMs();
  }

  elapsedMs(): number {
    return this.#clock.nowMs() - this.startedAtMs;
  }

  /** Times one stage; a stage that throws is timed as well. */
  async measure<T>(name: string, work: () => Promise<T> | T, attributes: Record<string, JsonValue> = {}): Promise<T> {
    const startedAtMs = this.#clock.nowMs();
    try {
      return await work();
    } finally {
      this.add(name, startedAtMs, attributes);
    }
  }

  add(name: string, startedAtMs: number, attributes: Record<string, JsonValue>): void {
    this.#intervals.push({ name, startedAtMs, endedAtMs: this.#clock.nowMs(), attributes });
  }

  /** In the order in which they were over. */
  get intervals(): readonly Interval[] {
    return this.#intervals;
  }

  /** `server-timing` as https://www.w3.org/TR/server-timing/ has it: the stages that are over and the whole until now, in milliseconds. */
  serverTiming(): string {
    let stages = "";
    for (const { name, startedAtMs, endedAtMs } of this.#intervals)
      stages += `${name};dur=${hundredths(endedAtMs - startedAtMs)}, `;
    return `${stages}total;dur=${hundredths(this.elapsedMs())}`;
  }

  /** Spans of the trace; ids derive from the trace's own, so that one exchange costs one draw of chance. */
  spans(traceId: string): Span[] {
    const stem = traceId.slice(traceId.indexOf("_") + 1, -2);
    return this.#intervals.map((at, index) => ({
      id: `spn_${stem}${index.toString(16).padStart(2, "0")}`,
      parent_id: null,
      name: at.name,
      started_at_ms: at.startedAtMs,
      duration_us: Math.max(0, Math.round((at.endedAtMs - at.startedAtMs) * 1000)),
      attributes: at.attributes,
    }));
  }
}

import { errorFields, type Log } from "@millrace/core/log";
import { within } from "../memory/within.ts";
import {
  type CounterId,
  type GaugeId,
  type HistogramId,
  MAX_SERIES,
  type MetricId,
  metricTable,
} from "./metric-table.ts";
import { SeriesMap } from "./series-map.ts";
import type { MetricsReport, SeriesDelta, TelemetryService } from "./telemetry-service.ts";

/** How often an isolate reports while it works; also what is lost of its counts when it dies. */
export const REPORT_EVERY_MS = 5_000;
/** A report that takes longer is sent again, under the same number. */
const RPC_LIMIT_MS = 5_000;
/** A timer or a report that died with its request never ends; after this another is begun. */
const REPORT_LOST_MS = 3 * REPORT_EVERY_MS;

export interface Reading {
  readonly metric: GaugeId;
  readonly labels: readonly string[];
  readonly value: number;
}

export interface IsolateMetricsDeps {
  /** Tells this isolate from all others. */
  readonly isolate: string;
  /** Asked for anew at each use: a stub belongs to the request that made it. */
  readonly service: () => Pick<TelemetryService, "report">;
  /** Gauges, read when a report is made. */
  readonly readings: () => Iterable<Reading>;
  readonly nowMs: () => number;
  readonly pause: (delayMs: number) => Promise<void>;
  readonly log: Log;
}

type Maps = { readonly [Id in MetricId]: SeriesMap };

function newMaps(): Maps {
  return Object.fromEntries(
    Object.entries(metricTable).map(([id, definition]) => [id, new SeriesMap(definition)]),
  ) as unknown as Maps;
}

function deltasOf(maps: Maps): SeriesDelta[] {
  return Object.entries(maps).flatMap(([metric, map]) =>
    Array.from(map.values(), ({ labels, value, counts }) => ({ metric, labels, value, counts })),
  );
}

/**
 * What this isolate counted since it last reported. Counting is a lookup and an addition; everything else happens every few seconds, beside the
 * answers.
 */
export class IsolateMetrics {
  readonly #deps: IsolateMetricsDeps;
  #maps = newMaps();
  #unsent: MetricsReport | undefined;
  #sequence = 0;
  #timerUntilMs = 0;
  #underWay: Promise<void> | undefined;

  constructor(deps: IsolateMetricsDeps) {
    this.#deps = deps;
  }

  count(id: CounterId, labels: readonly string[], by = 1): void {
    this.#maps[id].of(labels).value += by;
  }

  observe(id: HistogramId, labels: readonly string[], value: number): void {
    const series = this.#maps[id].of(labels);
    const { buckets } = metricTable[id];
    let bucket = 0;
    while (bucket < buckets.length && value > (buckets[bucket] ?? 0)) bucket++;
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    series.value += value;
  }

  /** Sees to it that what was counted is reported within REPORT_EVERY_MS. */
  touch(keepAlive: (work: Promise<unknown>) => void): void {
    const nowMs = this.#deps.nowMs();
    if (nowMs < this.#timerUntilMs) return;
    this.#timerUntilMs = nowMs + REPORT_LOST_MS;
    keepAlive(this.#reportLater());
  }

  async #reportLater(): Promise<void> {
    await this.#deps.pause(REPORT_EVERY_MS);
    this.#timerUntilMs = 0;
    await this.flush();
  }

  /** Reports what there is, after a report that is under way. Never rejects: what could not be told is told again. */
  async flush(): Promise<void> {
    while (this.#underWay !== undefined) {
      const before = this.#underWay;
      await within(before, REPORT_LOST_MS).catch(() => undefined);
      if (this.#underWay === before) this.#underWay = undefined;
    }
    const work = this.#report();
    this.#underWay = work;
    await work;
    if (this.#underWay === work) this.#underWay = undefined;
  }

  async #report(): Promise<void> {
    // What may or may not have arrived goes first, alone and under its old number.
    if (this.#unsent !== undefined && !(await this.#send(this.#unsent))) return;
    const series = deltasOf(this.#maps);
    if (series.length === 0) return;
    this.#maps = newMaps();
    const gauges = Array.from(this.#deps.readings(), (reading): SeriesDelta => ({ ...reading, counts: [] }));
    this.#sequence++;
    const { isolate } = this.#deps;
    await this.#send({ isolate, sequence: this.#sequence, series: [...series, ...gauges.slice(0, MAX_SERIES)] });
  }

  async #send(report: MetricsReport): Promise<boolean> {
    this.#unsent = report;
    try {
      await within(this.#deps.service().report(report), RPC_LIMIT_MS);
      if (this.#unsent === report) this.#unsent = undefined;
      return true;
    } catch (error) {
      this.#deps.log("warn", "telemetry-away", { count: report.series.length, ...errorFields(error) });
      return false;
    }
  }
}

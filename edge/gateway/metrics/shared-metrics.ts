import { metricDefinition, metricTable, type MetricId } from "./metric-table.ts";
import { SeriesMap } from "./series-map.ts";
import type { MetricsReport, MetricsSnapshot, SeriesDelta } from "./telemetry-service.ts";

/** What outlives the object's memory: a snapshot, and the reports since. */
export interface MetricsShelf {
  snapshot(): Iterable<readonly [name: string, json: string]>;
  log(): Iterable<string>;
  append(entries: readonly string[]): void;
  /** Takes the place of the old snapshot and of the whole log, at once. */
  compact(rows: readonly (readonly [name: string, json: string])[]): void;
}

export interface SharedMetricsDeps {
  readonly shelf: MetricsShelf;
  readonly nowMs: () => number;
}

/** Reports between two snapshots: few enough to be read at a start, many enough that a report costs one row. */
const COMPACT_AFTER = 64;
/** Series of one row of the log: a row takes 2 MB. */
const SERIES_PER_ROW = 1_000;
/** An isolate that says nothing for so long has no word about circuits any more. */
export const ISOLATE_LIVE_MS = 5 * 60_000;
/** After this nobody repeats a report; an isolate lives shorter. */
const ISOLATE_FORGOTTEN_MS = 24 * 3_600_000;
const ISOLATES_ROW = "isolates";

interface Isolate {
  sequence: number;
  seenAtMs: number;
  gauges: readonly SeriesDelta[];
}

/** What is kept of a report: one row, or several of a large one. */
type LogEntry = Omit<MetricsReport, "series"> & { readonly atMs: number; readonly series: readonly SeriesDelta[] };
type IsolateRow = readonly [name: string, sequence: number, seenAtMs: number];

function fits({ metric, labels, value, counts }: SeriesDelta): boolean {
  const definition = metricDefinition(metric);
  if (definition === undefined || labels.length !== definition.labels.length) return false;
  const buckets = definition.buckets === undefined ? 0 : definition.buckets.length + 1;
  return counts.length === buckets && [value, ...counts].every((number) => Number.isFinite(number) && number >= 0);
}

/**
 * What all isolates counted, added up. A report is a row of a log; the log becomes a snapshot now and then, so that a restart finds every report
 * that was answered. What another version of the gateway counts and this one does not know is left out.
 */
export class SharedMetrics {
  readonly #deps: SharedMetricsDeps;
  readonly #maps = new Map<string, SeriesMap>();
  readonly #isolates = new Map<string, Isolate>();
  #logged = 0;

  constructor(deps: SharedMetricsDeps) {
    this.#deps = deps;
    for (const [name, json] of deps.shelf.snapshot()) this.#restore(name, JSON.parse(json));
    for (const json of deps.shelf.log()) {
      this.#apply(JSON.parse(json) as LogEntry);
      this.#logged++;
    }
  }

  report({ isolate, sequence, series }: MetricsReport): void {
    if (sequence <= (this.#isolates.get(isolate)?.sequence ?? 0)) {
      this.#add({ metric: "reports", labels: ["duplicate"], value: 1, counts: [] });
      return;
    }
    const known = series.filter(fits);
    const counted = known.filter(({ metric }) => metricDefinition(metric)?.kind !== "gauge");
    counted.push({ metric: "reports", labels: ["accepted"], value: 1, counts: [] });
    const atMs = this.#deps.nowMs();
    const entries: LogEntry[] = [];
    for (let at = 0; at < counted.length; at += SERIES_PER_ROW)
      entries.push({ isolate, sequence, atMs, series: counted.slice(at, at + SERIES_PER_ROW) });
    this.#deps.shelf.append(entries.map((entry) => JSON.stringify(entry)));
    for (const entry of entries) this.#apply(entry);
    const gauges = known.filter(({ metric }) => metricDefinition(metric)?.kind === "gauge");
    this.#isolates.set(isolate, { sequence, seenAtMs: atMs, gauges });
    this.#logged += entries.length;
    if (this.#logged >= COMPACT_AFTER) this.#compact();
  }

  snapshot(): MetricsSnapshot {
    const liveSinceMs = this.#deps.nowMs() - ISOLATE_LIVE_MS;
    const live = [...this.#isolates.values()].filter(({ seenAtMs }) => seenAtMs >= liveSinceMs);
    const series = [...this.#maps].flatMap(([metric, map]) => seriesOf(metric, map));
    series.push({ metric: "isolates", labels: [], value: live.length, counts: [] });
    return { series: [...series, ...worstOf(live.flatMap(({ gauges }) => gauges))] };
  }

  #apply({ isolate, sequence, atMs, series }: LogEntry): void {
    for (const delta of series) if (fits(delta)) this.#add(delta);
    this.#isolates.set(isolate, { sequence, seenAtMs: atMs, gauges: [] });
  }

  #add({ metric, labels, value, counts }: SeriesDelta): void {
    let map = this.#maps.get(metric);
    if (map === undefined) {
      map = new SeriesMap(metricTable[metric as MetricId]);
      this.#maps.set(metric, map);
    }
    const series = map.of(labels);
    series.value += value;
    for (const [index, count] of counts.entries()) series.counts[index] = (series.counts[index] ?? 0) + count;
  }

  #compact(): void {
    const forgottenMs = this.#deps.nowMs() - ISOLATE_FORGOTTEN_MS;
    for (const [name, { seenAtMs }] of this.#isolates) if (seenAtMs < forgottenMs) this.#isolates.delete(name);
    const isolates = Array.from(this.#isolates, ([name, { sequence, seenAtMs }]): IsolateRow => [
      name,
      sequence,
      seenAtMs,
    ]);
    this.#deps.shelf.compact([
      [ISOLATES_ROW, JSON.stringify(isolates)],
      ...Array.from(
        this.#maps,
        ([metric, map]) => [`metric:${metric}`, JSON.stringify(seriesOf(metric, map))] as const,
      ),
    ]);
    this.#logged = 0;
  }

  #restore(name: string, value: unknown): void {
    if (name === ISOLATES_ROW) {
      for (const [isolate, sequence, seenAtMs] of value as readonly IsolateRow[])
        this.#isolates.set(isolate, { sequence, seenAtMs, gauges: [] });
    } else for (const delta of value as readonly SeriesDelta[]) if (fits(delta)) this.#add(delta);
  }
}

function seriesOf(metric: string, map: SeriesMap): SeriesDelta[] {
  return Array.from(map.values(), ({ labels, value, counts }) => ({ metric, labels, value, counts }));
}

/** Of what several isolates say of one thing, the highest. */
function worstOf(gauges: readonly SeriesDelta[]): SeriesDelta[] {
  const worst = new Map<string, SeriesDelta>();
  for (const gauge of gauges) {
    const key = JSON.stringify([gauge.metric, gauge.labels]);
    const known = worst.get(key);
    if (known === undefined || known.value < gauge.value) worst.set(key, gauge);
  }
  return [...worst.values()];
}

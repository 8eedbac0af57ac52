import { boundedLabels, MAX_SERIES, type MetricDefinition, overflowLabels } from "./metric-table.ts";

/** How one series of a metric stands: a counter's or gauge's value, or a histogram's counts. */
export interface Series {
  readonly labels: readonly string[];
  /** Of a histogram the sum. */
  value: number;
  /** Of a histogram: observations for each bucket, not cumulated, the last one beyond all bounds. Else empty. */
  readonly counts: number[];
}

/** Separates labels in a key; no header and no name of the configuration holds it. */
const SEPARATOR = "\u0000";

/** The series of one metric, by labels, bounded. */
export class SeriesMap {
  readonly definition: MetricDefinition;
  readonly #series = new Map<string, Series>();

  constructor(definition: MetricDefinition) {
    this.definition = definition;
  }

  get size(): number {
    return this.#series.size;
  }

  values(): IterableIterator<Series> {
    return this.#series.values();
  }

  clear(): void {
    this.#series.clear();
  }

  of(labels: readonly string[]): Series {
    const key = labels.length === 1 ? (labels[0] ?? "") : labels.join(SEPARATOR);
    return this.#series.get(key) ?? this.#add(key, labels);
  }

  #add(key: string, given: readonly string[]): Series {
    let labels = boundedLabels(given);
    let kept = labels === given ? key : labels.join(SEPARATOR);
    if (this.#series.size >= MAX_SERIES) {
      labels = overflowLabels(this.definition, labels);
      kept = labels.join(SEPARATOR);
    }
    const known = this.#series.get(kept);
    if (known !== undefined) return known;
    const { buckets } = this.definition;
    const series = { labels, value: 0, counts: buckets === undefined ? [] : Array<number>(buckets.length + 1).fill(0) };
    this.#series.set(kept, series);
    return series;
  }
}

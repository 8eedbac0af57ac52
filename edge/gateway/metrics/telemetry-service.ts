/** How much a series grew, or, of a gauge, how it stands. */
export interface SeriesDelta {
  /** A key of the metric table. */
  readonly metric: string;
  readonly labels: readonly string[];
  readonly value: number;
  /** Of a histogram: one count for each bucket and one beyond. Else empty. */
  readonly counts: readonly number[];
}

/** What one isolate counted since its last report. */
export interface MetricsReport {
  /** Drawn by chance when the isolate began. */
  readonly isolate: string;
  /** From 1. A report that comes again with its number changes nothing. */
  readonly sequence: number;
  readonly series: readonly SeriesDelta[];
}

export interface MetricsSnapshot {
  readonly series: readonly SeriesDelta[];
}

/** The Durable Object that adds up what all isolates of a deployment count. */
export interface TelemetryService {
  /** Returns once the report is on disk. */
  report(report: MetricsReport): Promise<void>;
  snapshot(): Promise<MetricsSnapshot>;
  /** Resolves when the object answers. */
  ready(): Promise<void>;
}

/** There is one for each deployment. */
export const TELEMETRY_OBJECT = "telemetry";

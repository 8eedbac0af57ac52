export type MetricKind = "counter" | "gauge" | "histogram";

export interface MetricDefinition {
  /** Without `_total`; the unit, where there is one, is the last word. */
  readonly name: string;
  readonly help: string;
  readonly kind: MetricKind;
  readonly unit?: "seconds" | "usd";
  readonly labels: readonly string[];
  /** Labels whose values come from configuration: beyond the bound on series they become `other`. All others have values that are listed in code. */
  readonly open?: readonly string[];
  /** Upper bounds, ascending, without +Inf. */
  readonly buckets?: readonly number[];
}

/** From a tenth of a millisecond, where the gateway's own work lies, to ten seconds. */
const OWN_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 2.5, 10];
/** A model's: from five milliseconds to ten minutes, the longest that a call may take by default. */
const MODEL_SECONDS = [0.005, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
/** A bundle is fresh for 2 s and checked before use after 4 s by default; older ones are served because the hub is away. */
const AGE_SECONDS = [0.5, 1, 2, 4, 8, 15, 60, 300, 3600, 86_400];

const target = { labels: ["provider", "model"], open: ["provider", "model"] } as const;

/** Everything that the gateway counts about itself. Names, labels and buckets are public: a change breaks dashboards. */
export const metricTable = {
  httpRequests: {
    name: "millrace_http_requests",
    help: "Requests of any kind, by route and status code of the response.",
    kind: "counter",
    labels: ["route", "code"],
  },
  httpResponse: {
    name: "millrace_http_response_seconds",
    help: "Time until the headers of the response left.",
    kind: "histogram",
    unit: "seconds",
    labels: ["route"],
    buckets: MODEL_SECONDS,
  },
  exchanges: {
    name: "millrace_exchanges",
    help: "Inference requests of a known caller, when they are over.",
    kind: "counter",
    labels: ["surface", "status", "code", "cache"],
  },
  exchangeErrors: {
    name: "millrace_exchange_errors",
    help: "Inference requests that ended with an error, by code of the catalogue.",
    kind: "counter",
    labels: ["surface", "error"],
  },
  exchangeDuration: {
    name: "millrace_exchange_duration_seconds",
    help: "From the arrival of an inference request to the end of its answer.",
    kind: "histogram",
    unit: "seconds",
    labels: ["surface"],
    buckets: MODEL_SECONDS,
  },
  firstToken: {
    name: "millrace_exchange_first_token_seconds",
    help: "From the arrival of an inference request to the first part of its answer.",
    kind: "histogram",
    unit: "seconds",
    labels: ["surface"],
    buckets: MODEL_SECONDS,
  },
  overhead: {
    name: "millrace_exchange_overhead_seconds",
    help: "The gateway's own time of an exchange: all of it less what was waited for models.",
    kind: "histogram",
    unit: "seconds",
    labels: ["surface"],
    buckets: OWN_SECONDS,
  },
  stage: {
    name: "millrace_stage_duration_seconds",
    help: "Time by stage of the pipeline; dispatch and upstream are mostly the model's.",
    kind: "histogram",
    unit: "seconds",
    labels: ["stage"],
    buckets: OWN_SECONDS,
  },
  attempts: {
    name: "millrace_attempts",
    help: "Calls upstream: why they were made and how they ended.",
    kind: "counter",
    labels: ["provider", "kind", "outcome", "error"],
    open: ["provider"],
  },
  attemptDuration: {
    name: "millrace_attempt_duration_seconds",
    help: "Calls upstream, from their beginning to the end of their answer.",
    kind: "histogram",
    unit: "seconds",
    ...target,
    buckets: MODEL_SECONDS,
  },
  attemptFirstToken: {
    name: "millrace_attempt_first_token_seconds",
    help: "Calls upstream, from their beginning to the first token.",
    kind: "histogram",
    unit: "seconds",
    ...target,
    buckets: MODEL_SECONDS,
  },
  tokens: {
    name: "millrace_tokens",
    help: "Tokens that calls consumed. `cached_input` is part of `input`, `reasoning` of `output`.",
    kind: "counter",
    labels: ["provider", "model", "direction", "source"],
    open: ["provider", "model"],
  },
  cost: {
    name: "millrace_cost_usd",
    help: "What exchanges cost at the pinned prices, by the target that answered.",
    kind: "counter",
    unit: "usd",
    ...target,
  },
  unpriced: {
    name: "millrace_unpriced_exchanges",
    help: "Exchanges that called a model and whose cost is unknown.",
    kind: "counter",
    ...target,
  },
  saved: {
    name: "millrace_cache_saved_usd",
    help: "What answers from the cache would have cost.",
    kind: "counter",
    unit: "usd",
    ...target,
  },
  cache: {
    name: "millrace_cache_lookups",
    help: "Looks into the exact cache; `collapsed` waited for an identical request under way.",
    kind: "counter",
    labels: ["result"],
  },
  ledger: {
    name: "millrace_ledger_decisions",
    help: "What the ledger said; `none`: no budget applies; `open`: it was away and no budget blocks.",
    kind: "counter",
    labels: ["decision", "reason"],
  },
  bundleAge: {
    name: "millrace_bundle_age_seconds",
    help: "How long ago the configuration that answered was confirmed.",
    kind: "histogram",
    unit: "seconds",
    labels: [],
    buckets: AGE_SECONDS,
  },
  staleBundles: {
    name: "millrace_stale_bundle_exchanges",
    help: "Exchanges that were answered from the last known good configuration because the hub was away.",
    kind: "counter",
    labels: [],
  },
  traceWrites: {
    name: "millrace_trace_writes",
    help: "Where traces came to rest first. `lost` needs a person.",
    kind: "counter",
    labels: ["place"],
  },
  circuit: {
    name: "millrace_circuit_state",
    help: "0 closed, 1 half open, 2 open; the worst that a live isolate knows.",
    kind: "gauge",
    ...target,
  },
  isolates: {
    name: "millrace_isolates",
    help: "Isolates that reported within five minutes.",
    kind: "gauge",
    labels: [],
  },
  reports: {
    name: "millrace_telemetry_reports",
    help: "Reports of isolates; a `duplicate` came again because its answer was lost, and counted once.",
    kind: "counter",
    labels: ["outcome"],
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricId = keyof typeof metricTable;
type OfKind<K extends MetricKind> = {
  [Id in MetricId]: (typeof metricTable)[Id]["kind"] extends K ? Id : never;
}[MetricId];
export type CounterId = OfKind<"counter">;
export type HistogramId = OfKind<"histogram">;
export type GaugeId = OfKind<"gauge">;

/** Series of one metric, in an isolate's report and in the shared account. Some thousand lines a scrape; what is beyond is counted as `other`. */
export const MAX_SERIES = 1_000;
/** What takes the place of a configured name that came too late. */
export const OTHER = "other";
/** A label's value is not longer; models' names are far shorter. */
const MAX_LABEL_CHARS = 128;

export function metricDefinition(id: string): MetricDefinition | undefined {
  return Object.hasOwn(metricTable, id) ? metricTable[id as MetricId] : undefined;
}

/** One value for each label, within bounds. */
export function boundedLabels(labels: readonly string[]): readonly string[] {
  return labels.some((label) => label.length > MAX_LABEL_CHARS)
    ? labels.map((label) => label.slice(0, MAX_LABEL_CHARS))
    : labels;
}

/** The labels of a series for which there is no room: its configured names are `other`. */
export function overflowLabels({ labels, open }: MetricDefinition, values: readonly string[]): readonly string[] {
  return open === undefined
    ? values
    : values.map((value, index) => (open.includes(labels[index] ?? "") ? OTHER : value));
}

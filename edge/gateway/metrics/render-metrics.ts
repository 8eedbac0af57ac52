import { type MetricDefinition, metricTable } from "./metric-table.ts";
import type { MetricsSnapshot, SeriesDelta } from "./telemetry-service.ts";

/** `prometheus`: text format 0.0.4. `openmetrics`: 1.0.0. */
export type MetricsFormat = "prometheus" | "openmetrics";

export const metricsContentTypes = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
} as const satisfies Record<MetricsFormat, string>;

/** OpenMetrics for a scraper that names it, and the older format, which everything reads, for all others. */
export function metricsFormat(accept: string | null): MetricsFormat {
  const named = (accept ?? "").split(",").find((type) => type.trim().startsWith("application/openmetrics-text"));
  return named === undefined || /;\s*q=0(\.0*)?\s*(;|$)/.test(named) ? "prometheus" : "openmetrics";
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function labelText(definition: MetricDefinition, values: readonly string[], more?: readonly [string, string]): string {
  const pairs = values.map((value, index) => `${definition.labels[index]}="${escapeLabel(value)}"`);
  if (more !== undefined) pairs.push(`${more[0]}="${more[1]}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** OpenMetrics wants a bound to look like a floating-point number. */
function boundText(bound: number, format: MetricsFormat): string {
  return format === "openmetrics" && Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function histogramLines(definition: MetricDefinition, series: SeriesDelta, format: MetricsFormat): string[] {
  const { name, buckets = [] } = definition;
  let total = 0;
  const lines = [...buckets, Number.POSITIVE_INFINITY].map((bound, index) => {
    total += series.counts[index] ?? 0;
    const le = bound === Number.POSITIVE_INFINITY ? "+Inf" : boundText(bound, format);
    return `${name}_bucket${labelText(definition, series.labels, ["le", le])} ${total}`;
  });
  const labels = labelText(definition, series.labels);
  return [...lines, `${name}_sum${labels} ${series.value}`, `${name}_count${labels} ${total}`];
}

function sampleLines(definition: MetricDefinition, series: SeriesDelta, format: MetricsFormat): string[] {
  if (definition.kind === "histogram") return histogramLines(definition, series, format);
  const name = definition.kind === "counter" ? `${definition.name}_total` : definition.name;
  return [`${name}${labelText(definition, series.labels)} ${series.value}`];
}

/** A metric without labels is there from the beginning, so that an alert on it can tell 0 from nothing. */
function allSeries(id: string, definition: MetricDefinition, series: readonly SeriesDelta[]): readonly SeriesDelta[] {
  if (series.length > 0 || definition.labels.length > 0)
    return series.toSorted((a, b) => (a.labels.join("\n") < b.labels.join("\n") ? -1 : 1));
  return [{ metric: id, labels: [], value: 0, counts: [] }];
}

/** The text of a scrape. */
export function renderMetrics({ series }: MetricsSnapshot, format: MetricsFormat): string {
  const byMetric = Map.groupBy(series, ({ metric }) => metric);
  const lines = Object.entries<MetricDefinition>(metricTable).flatMap(([id, definition]) => {
    const { help, kind, unit } = definition;
    const family = kind === "counter" && format === "prometheus" ? `${definition.name}_total` : definition.name;
    return [
      `# HELP ${family} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
      `# TYPE ${family} ${kind}`,
      ...(format === "openmetrics" && unit !== undefined ? [`# UNIT ${family} ${unit}`] : []),
      ...allSeries(id, definition, byMetric.get(id) ?? []).flatMap((each) => sampleLines(definition, each, format)),
    ];
  });
  if (format === "openmetrics") lines.push("# EOF");
  return `${lines.join("\n")}\n`;
}

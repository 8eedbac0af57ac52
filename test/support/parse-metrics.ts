/** A family of metrics as a scrape has it. */
export interface MetricFamily {
  readonly type: string;
  readonly help: string;
  readonly unit: string | undefined;
  readonly samples: Sample[];
}

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)/y;
const suffixes: Readonly<Record<string, readonly string[]>> = {
  counter: ["_total"],
  gauge: [""],
  histogram: ["_bucket", "_sum", "_count"],
};

function labelsOf(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name = "", value = ""] = LABEL.exec(text) ?? fail(`labels of ${line}`);
    if (name in labels) fail(`label twice: ${line}`);
    labels[name] = value.replaceAll(/\\(.)/g, (_all, char: string) => (char === "n" ? "\n" : char));
  }
  return labels;
}

function fail(what: string): never {
  throw new Error(`not in the format: ${what}`);
}

function numberOf(text: string, line: string): number {
  const value = text === "+Inf" ? Number.POSITIVE_INFINITY : Number(text);
  return Number.isNaN(value) ? fail(line) : value;
}

/** Buckets rise and end in +Inf with the count; every series is there once; counters are not negative. */
function check(name: string, { type, samples }: MetricFamily): void {
  const seen = new Set<string>();
  for (const { name: sample, labels, value } of samples) {
    const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([sample, sorted]);
    if (seen.has(key)) fail(`series twice: ${key}`);
    seen.add(key);
    if (type !== "gauge" && !(value >= 0)) fail(`negative: ${key}`);
  }
  if (type !== "histogram") return;
  const without = ({ le: _le, ...rest }: Readonly<Record<string, string>>) => JSON.stringify(rest);
  for (const [key, group] of Map.groupBy(samples, ({ labels }) => without(labels))) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => numberOf(labels["le"] ?? "", key));
    const counts = buckets.map(({ value }) => value);
    const rises = (list: readonly number[], strictly: boolean) =>
      list.every((value, index) => {
        const before = list[index - 1];
        return before === undefined || (strictly ? value > before : value >= before);
      });
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY || !rises(bounds, true) || !rises(counts, false))
      fail(`buckets of ${key}`);
    const count = group.find((sample) => sample.name === `${name}_count`)?.value;
    if (count === undefined || count !== counts.at(-1)) fail(`count of ${key}`);
    if (!group.some((sample) => sample.name === `${name}_sum`)) fail(`sum of ${key}`);
  }
}

type Format = "prometheus" | "openmetrics";

/** Lines of a scrape, one after another; a family is open from its HELP to the next. */
class Reader {
  readonly families = new Map<string, MetricFamily>();
  readonly #format: Format;
  #name = "";
  #help = "";
  #type = "";

  constructor(format: Format) {
    this.#format = format;
  }

  /** The family's name without what Prometheus appends to a counter's. */
  get #base(): string {
    return this.#format === "prometheus" && this.#type === "counter" ? this.#name.replace(/_total$/, "") : this.#name;
  }

  read(line: string): void {
    const [, word, family = "", rest = ""] = /^# (HELP|TYPE|UNIT) (\S+) (.+)$/.exec(line) ?? [];
    if (word === undefined) this.#sample(line);
    else if (word === "HELP") {
      if (!NAME.test(family)) fail(line);
      [this.#name, this.#help, this.#type] = [family, rest, ""];
    } else if (family !== this.#name) fail(`out of order: ${line}`);
    else if (word === "UNIT") this.#unit(rest, line);
    else this.#opens(rest, line);
  }

  #opens(type: string, line: string): void {
    if (!(type in suffixes)) fail(line);
    this.#type = type;
    const hasSuffix = this.#name.endsWith("_total");
    if (type === "counter" && hasSuffix !== (this.#format === "prometheus")) fail(`name of a counter: ${line}`);
    if (this.families.has(this.#base)) fail(`family twice: ${line}`);
    this.families.set(this.#base, { type, help: this.#help, unit: undefined, samples: [] });
  }

  #unit(unit: string, line: string): void {
    const known = this.families.get(this.#name) ?? fail(line);
    if (!this.#name.endsWith(`_${unit}`)) fail(`unit is not in the name: ${line}`);
    this.families.set(this.#name, { ...known, unit });
  }

  #sample(line: string): void {
    const [, name = "", labels = "", value = ""] = SAMPLE.exec(line) ?? fail(line);
    const fits = (suffixes[this.#type] ?? []).some((suffix) => name === this.#base + suffix);
    if (!fits) fail(`${name} is not of ${this.#base}`);
    this.families.get(this.#base)?.samples.push({ name, labels: labelsOf(labels, line), value: numberOf(value, line) });
  }
}

/**
 * Reads a scrape strictly: Prometheus text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/) or OpenMetrics 1.0.0. Families by the
 * name without `_total`. @throws Error at the first line that is not as it must be.
 */
export function parseMetrics(text: string, format: Format): Map<string, MetricFamily> {
  if (!text.endsWith("\n")) fail("no line feed at the end");
  const lines = text.slice(0, -1).split("\n");
  if ((lines.at(-1) === "# EOF") !== (format === "openmetrics")) fail("end of file");
  const reader = new Reader(format);
  for (const line of format === "openmetrics" ? lines.slice(0, -1) : lines) reader.read(line);
  for (const [name, family] of reader.families) check(name, family);
  return reader.families;
}

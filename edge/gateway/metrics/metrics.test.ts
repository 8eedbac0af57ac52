import { describe, expect, it } from "vitest";
import { parseMetrics } from "../../../test/support/parse-metrics.ts";
import { IsolateMetrics } from "./isolate-metrics.ts";
import { MAX_SERIES, metricTable } from "./metric-table.ts";
import { ownTimeMs } from "./own-time.ts";
import { metricsFormat, renderMetrics } from "./render-metrics.ts";
import { ISOLATE_LIVE_MS, type MetricsShelf, SharedMetrics } from "./shared-metrics.ts";
import type { MetricsReport } from "./telemetry-service.ts";

class MemoryShelf implements MetricsShelf {
  rows: readonly (readonly [string, string])[] = [];
  entries: string[] = [];
  snapshot = () => this.rows;
  log = () => this.entries;
  append = (entries: readonly string[]) => void this.entries.push(...entries);
  compact = (rows: readonly (readonly [string, string])[]) => {
    this.rows = rows;
    this.entries = [];
  };
}

function world() {
  const shelf = new MemoryShelf();
  const state = { nowMs: 0, away: false, lateAway: false, reports: [] as MetricsReport[], circuit: 0 };
  const restart = () => new SharedMetrics({ shelf, nowMs: () => state.nowMs });
  let shared = restart();
  const isolate = (name: string) =>
    new IsolateMetrics({
      isolate: name,
      service: () => ({
        async report(report) {
          if (state.away) throw new Error("away");
          state.reports.push(report);
          shared.report(structuredClone(report));
          if (state.lateAway) throw new Error("the answer was lost");
        },
      }),
      readings: () => [{ metric: "circuit", labels: ["openai", "gpt"], value: state.circuit }],
      nowMs: () => state.nowMs,
      pause: async () => undefined,
      log: () => undefined,
    });
  const value = (metric: string, ...labels: string[]) =>
    shared.snapshot().series.find((each) => each.metric === metric && each.labels.join() === labels.join())?.value;
  return { state, shelf, isolate, value, snapshot: () => shared.snapshot(), restart: () => (shared = restart()) };
}

describe("what isolates count", () => {
  it("adds up over isolates and reports, and each report goes once", async () => {
    const { isolate, value, state } = world();
    const [a, b] = [isolate("a"), isolate("b")];
    a.count("cache", ["hit"]);
    a.count("cache", ["hit"], 2);
    b.count("cache", ["hit"]);
    await Promise.all([a.flush(), b.flush(), a.flush()]);
    a.count("cache", ["hit"]);
    await a.flush();
    await a.flush();
    expect(value("cache", "hit")).toBe(5);
    expect(state.reports.map(({ isolate: name, sequence }) => `${name}${sequence}`)).toEqual(["a1", "b1", "a2"]);
  });

  it("survives an object that is away, and an answer that is lost, without a miscount", async () => {
    const { isolate, state, value } = world();
    const metrics = isolate("a");
    for (const trouble of ["away", "lateAway"] as const) {
      metrics.count("cache", ["hit"]);
      state[trouble] = true;
      await metrics.flush();
      metrics.count("cache", ["hit"]);
      await metrics.flush();
      state[trouble] = false;
      await metrics.flush();
    }
    expect([value("cache", "hit"), value("reports", "duplicate")]).toEqual([4, 2]);
  });

  it("survives restarts of the object, before and after a snapshot, duplicates included", async () => {
    const { isolate, restart, shelf, state, value } = world();
    const metrics = isolate("a");
    for (let n = 1; n <= 150; n++) {
      metrics.count("cache", ["miss"]);
      metrics.observe("overhead", ["chat"], 0.0003);
      await metrics.flush();
      if (n % 7 === 0) {
        restart().report(state.reports.at(-1) as MetricsReport);
        expect(value("cache", "miss")).toBe(n);
      }
    }
    restart();
    expect(shelf.entries.length).toBeLessThan(64);
    expect(value("reports", "accepted")).toBe(150);
    expect(value("overhead", "chat")).toBeCloseTo(150 * 0.0003, 9);
  });

  it("are bounded: configured names beyond the limit are counted as other, and nothing is dropped", async () => {
    const { isolate, snapshot } = world();
    const [a, b] = [isolate("a"), isolate("b")];
    for (let n = 0; n < MAX_SERIES * 2; n++) {
      a.count("unpriced", ["p", `a${n}`]);
      b.count("unpriced", ["p", `b${n}${"x".repeat(500)}`]);
    }
    await a.flush();
    await b.flush();
    const series = snapshot().series.filter(({ metric }) => metric === "unpriced");
    expect(series.length).toBe(MAX_SERIES + 1);
    expect(series.reduce((sum, { value }) => sum + value, 0)).toBe(MAX_SERIES * 4);
    expect(series.find(({ labels }) => labels.join() === "other,other")?.value).toBe(MAX_SERIES * 3);
  });

  it("leaves out what this version does not know", () => {
    const shared = new SharedMetrics({ shelf: new MemoryShelf(), nowMs: () => 0 });
    const delta = { metric: "cache", labels: ["hit"], value: 1, counts: [] };
    const strange = [
      { ...delta, metric: "toString" },
      { ...delta, labels: [] },
      { ...delta, counts: [1] },
      { ...delta, value: Number.NaN },
      { ...delta, value: -1 },
    ];
    shared.report({ isolate: "a", sequence: 1, series: [delta, ...strange] });
    const counted = shared.snapshot().series.filter(({ metric }) => metric !== "reports" && metric !== "isolates");
    expect(counted).toEqual([delta]);
  });

  it("shows the worst that a live isolate knows of a circuit, and forgets those that fell silent", async () => {
    const { isolate, state, value } = world();
    const [a, b] = [isolate("a"), isolate("b")];
    for (const [metrics, circuit] of [
      [a, 2],
      [b, 0],
    ] as const) {
      state.circuit = circuit;
      metrics.count("cache", ["hit"]);
      await metrics.flush();
    }
    expect([value("circuit", "openai", "gpt"), value("isolates")]).toEqual([2, 2]);
    state.nowMs += ISOLATE_LIVE_MS + 1;
    expect([value("circuit", "openai", "gpt"), value("isolates")]).toEqual([undefined, 0]);
  });

  it("is reported by one timer at a time, also when a timer died with its request", async () => {
    const { isolate, state } = world();
    const metrics = isolate("a");
    const kept: Promise<unknown>[] = [];
    for (let n = 0; n < 3; n++) {
      metrics.count("cache", ["hit"]);
      metrics.touch((work) => kept.push(work));
    }
    expect(kept.length).toBe(1);
    await Promise.all(kept);
    metrics.touch((work) => kept.push(work));
    state.nowMs += 60_000;
    metrics.touch((work) => kept.push(work));
    expect(kept.length).toBe(3);
    await Promise.all(kept);
    expect(state.reports.length).toBe(1);
  });
});

describe("the text of a scrape", () => {
  const series = [
    { metric: "cache", labels: ["hit"], value: 3, counts: [] },
    { metric: "cost", labels: ['a"b\\c\nd', "m"], value: 0.000012, counts: [] },
    { metric: "overhead", labels: ["chat"], value: 0.5, counts: [1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] },
    { metric: "bundleAge", labels: [], value: 3, counts: [0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0] },
  ];

  it.each(["prometheus", "openmetrics"] as const)("is %s to a strict reader", (format) => {
    const families = parseMetrics(renderMetrics({ series }, format), format);
    expect([...families.keys()]).toEqual(Object.values(metricTable).map(({ name }) => name));
    expect(families.get("millrace_cost_usd")?.samples).toEqual([
      { name: "millrace_cost_usd_total", labels: { provider: 'a"b\\c\nd', model: "m" }, value: 0.000012 },
    ]);
    const overhead = families.get("millrace_exchange_overhead_seconds")?.samples ?? [];
    expect(overhead.find(({ labels }) => labels["le"] === "0.0005")?.value).toBe(3);
    expect(overhead.find(({ name }) => name.endsWith("_count"))?.value).toBe(4);
    expect(families.get("millrace_stale_bundle_exchanges")?.samples).toMatchObject([{ labels: {}, value: 0 }]);
  });

  it.each([
    [null, "prometheus"],
    ["*/*", "prometheus"],
    ["application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1", "openmetrics"],
    ["text/plain, application/openmetrics-text;q=0", "prometheus"],
  ])("answers %s with %s", (accept, format) => {
    expect(metricsFormat(accept)).toBe(format);
  });
});

describe("the gateway's own time", () => {
  const at = (name: string, startedAtMs: number, endedAtMs: number) => ({ name, startedAtMs, endedAtMs });

  it("is all but the time from the first call to the end of the last", () => {
    const intervals = [at("authenticate", 0, 1), at("attempt", 2, 50), at("attempt", 60, 90), at("upstream", 70, 95)];
    expect(ownTimeMs({ durationMs: 100, intervals, collapsed: false })).toBe(7);
  });

  it("leaves out the wait for another exchange's answer, and counts a hit as a whole", () => {
    const intervals = [at("cache", 1, 41)];
    expect(ownTimeMs({ durationMs: 43, intervals, collapsed: true })).toBe(3);
    expect(ownTimeMs({ durationMs: 43, intervals, collapsed: false })).toBe(43);
  });
});

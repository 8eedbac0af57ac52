import { circuitPhase, leaseProbe } from "@millrace/core/routing";
import { errorFields, type Log } from "@millrace/core/log";
import { BoundedMap } from "../memory/bounded-map.ts";
import { within } from "../memory/within.ts";
import type { Reading } from "../metrics/isolate-metrics.ts";
import { targetNames } from "./health-ids.ts";
import type { HealthAnswer, HealthReport, KeyNews, TargetHealthService, TargetNews } from "./health-service.ts";
import { KeyRecord } from "./key-record.ts";
import { type Moment, TargetRecord } from "./target-record.ts";

export interface HealthDeps {
  /** The object of an environment; asked for anew at each use, because a stub belongs to the request that made it. */
  readonly service: (environmentId: string) => TargetHealthService;
  readonly nowMs: () => number;
  /** Uniform in [0, 1). */
  readonly chance: () => number;
  readonly setTimer: (work: () => void, delayMs: number) => unknown;
  readonly clearTimer: (timer: unknown) => void;
  readonly log: Log;
}

export type KeepAlive = (work: Promise<unknown>) => void;

/** How old other isolates' knowledge may get here while a target is in use; also how often an isolate reports. */
const REPORT_EVERY_MS = 2_000;
/** An answer that takes longer comes too late to matter. */
const RPC_LIMIT_MS = 2_000;
/** A report that ended with its request's context never answers; after this another goes. */
const REPORT_LOST_MS = 10_000;
/** How long an isolate keeps caps by itself before it asks again, when the object is away. */
const ALONE_MS = 10_000;
/** Targets, and keys, of one environment that an isolate remembers. */
const MAX_RECORDS = 1_024;
/** Places are leased in blocks of this share of a cap, so that a busy isolate asks rarely and an idle one holds little. */
const BLOCK_SHARE = 32;

/** A probe under way is a half-open circuit as well. */
const CIRCUIT_VALUES = { closed: 0, "half-open": 1, probing: 1, open: 2 } as const;

interface SentReport {
  readonly report: HealthReport;
  readonly targets: readonly (readonly [target: TargetRecord, news: TargetNews])[];
  readonly keys: readonly (readonly [key: KeyRecord, news: KeyNews & { readonly order: number }])[];
}

/** What one isolate knows about the targets of one environment, and its conversation with the object that all isolates share. */
export class EnvironmentHealth {
  readonly #environmentId: string;
  readonly #isolate: string;
  readonly #deps: HealthDeps;
  readonly #targets = new BoundedMap<string, TargetRecord>(MAX_RECORDS);
  readonly #keys = new BoundedMap<string, KeyRecord>(MAX_RECORDS);
  #turn: number;
  #reportedAtMs = Number.NEGATIVE_INFINITY;
  #reportingUntilMs = 0;
  #isUrgent = false;

  constructor(environmentId: string, isolate: string, deps: HealthDeps) {
    this.#environmentId = environmentId;
    this.#isolate = isolate;
    this.#deps = deps;
    // Isolates do not all begin with the same key.
    this.#turn = Math.floor(deps.chance() * 2 ** 16);
  }

  target(id: string): TargetRecord {
    const known = this.#targets.get(id);
    if (known !== undefined) return known;
    const record = new TargetRecord(id);
    this.#targets.set(id, record);
    return record;
  }

  key(id: string): KeyRecord {
    const known = this.#keys.get(id);
    if (known !== undefined) return known;
    const record = new KeyRecord(id);
    this.#keys.set(id, record);
    return record;
  }

  /** How the circuits of the targets stand, as values of the gauge. */
  *circuits(nowMs: number): Iterable<Reading> {
    for (const { id, state } of this.#targets.values()) {
      yield { metric: "circuit", labels: targetNames(id), value: CIRCUIT_VALUES[circuitPhase(state.circuit, nowMs)] };
    }
  }

  /** Keys take turns. */
  nextTurn(): number {
    return this.#turn++;
  }

  moment(nowMs: number): Moment {
    return { nowMs, chance: this.#deps.chance() };
  }

  /** Reports in the background when it is time, or at once when something changed that others should know. */
  touch(keepAlive: KeepAlive, nowMs: number, isUrgent = false): void {
    this.#isUrgent ||= isUrgent;
    if (nowMs < this.#reportingUntilMs) return;
    if (!this.#isUrgent && nowMs - this.#reportedAtMs < REPORT_EVERY_MS) return;
    this.#reportingUntilMs = nowMs + REPORT_LOST_MS;
    keepAlive(this.#report());
  }

  #collect(): SentReport {
    const isOfInterest = (record: TargetRecord | KeyRecord): boolean => record.isOfInterest;
    const targets = [...this.#targets.values()].filter(isOfInterest).map((at) => [at, at.takeNews()] as const);
    const keys = [...this.#keys.values()].filter(isOfInterest).map((key) => [key, key.takeNews()] as const);
    return {
      targets,
      keys,
      report: {
        isolate: this.#isolate,
        targets: Object.fromEntries(targets.map(([{ id }, news]) => [id, news])),
        keys: Object.fromEntries(keys.map(([{ id }, { trouble, places }]) => [id, { trouble, places }])),
      },
    };
  }

  async #report(): Promise<void> {
    // What becomes urgent meanwhile goes with the next one, which follows at once.
    while (this.#isUrgent || this.#deps.nowMs() - this.#reportedAtMs >= REPORT_EVERY_MS) {
      this.#isUrgent = false;
      this.#reportedAtMs = this.#deps.nowMs();
      const sent = this.#collect();
      try {
        const answer = await within(this.#deps.service(this.#environmentId).report(sent.report), RPC_LIMIT_MS);
        this.#learn(sent, answer);
      } catch (error) {
        for (const [target, news] of sent.targets) target.returnNews(news);
        for (const [key, news] of sent.keys) key.returnNews(news);
        this.#logAway(error);
        break;
      }
    }
    this.#reportingUntilMs = 0;
  }

  #learn({ targets, keys }: SentReport, answer: HealthAnswer): void {
    const at = this.moment(this.#deps.nowMs());
    for (const [target] of targets) {
      const state = answer.targets[target.id];
      if (state !== undefined) target.learn(state, at);
    }
    for (const [key, { order }] of keys) {
      const state = answer.keys[key.id];
      if (state !== undefined) key.learn(state, order);
    }
  }

  #logAway(error: unknown): void {
    this.#deps.log("warn", "target-health-away", { environment_id: this.#environmentId, ...errorFields(error) });
  }

  /** Asks for the lease of a probe; with the object away this isolate leases one to itself. */
  async askProbe(record: TargetRecord): Promise<void> {
    const { nowMs } = this.#deps;
    if (nowMs() < record.askingUntilMs) return;
    record.askingUntilMs = nowMs() + RPC_LIMIT_MS;
    try {
      const asked = this.#deps.service(this.#environmentId).leaseProbe(record.id);
      const { granted, state } = await within(asked, RPC_LIMIT_MS);
      record.learn(state, this.moment(nowMs()));
      // The circuit may have been closed by what this isolate saw meanwhile.
      record.holdsProbe = granted && circuitPhase(record.state.circuit, nowMs()) === "probing";
    } catch (error) {
      this.#logAway(error);
      const circuit = leaseProbe(record.state.circuit, nowMs());
      if (circuit !== undefined) record.state = { ...record.state, circuit };
      record.holdsProbe = circuit !== undefined;
    }
    record.askingUntilMs = 0;
  }

  /** Asks for one more place under a key's cap; with the object away this isolate keeps the cap by itself for a while. */
  async askPlace(key: KeyRecord, cap: number): Promise<void> {
    key.asking++;
    const order = key.nextOrder();
    const block = Math.max(1, Math.floor(cap / BLOCK_SHARE));
    const places = Math.min(cap, key.inFlight + key.asking + block - 1);
    try {
      const asked = this.#deps
        .service(this.#environmentId)
        .leasePlaces({ isolate: this.#isolate, key: key.id, cap, places });
      const lease = await within(asked, RPC_LIMIT_MS);
      key.grow(lease, { order, nowMs: this.#deps.nowMs() });
    } catch (error) {
      this.#logAway(error);
      key.goAloneUntil(this.#deps.nowMs() + ALONE_MS);
    }
    key.asking--;
  }
}

import { MillraceError } from "@millrace/core/contract";
import type { Log } from "@millrace/core/log";
import { errorFields } from "@millrace/core/log";
import { BoundedMap } from "../memory/bounded-map.ts";
import { TokenBucket } from "../memory/token-bucket.ts";
import { within } from "../memory/within.ts";
import { decideFreshness, type FreshnessRules } from "./decide-freshness.ts";
import { fetchCurrent, type FetchBundleDeps, fetchLastKnown } from "./fetch-bundle.ts";
import type { HeldBundle, ServedBundle } from "./held-bundle.ts";

/** Environments whose bundles one isolate holds; a bundle is some hundred kilobytes, an isolate has 128 MB. */
const MAX_HELD = 64;
/** Unknown environments that one isolate remembers, so that made-up keys do not reach the hub twice. */
const MAX_UNKNOWN = 10_000;
/** The longest that a request waits for the hub before it serves what is held. */
const HUB_LIMIT_MS = 1_500;
/** Made-up environment ids each cost a hub object; beyond this rate new ones wait their turn. */
const COLD_LOOKUPS = { burst: 40, perSecond: 20 } as const;

interface Entry {
  held: HeldBundle | undefined;
  failedAtMs: number | undefined;
  /** The attempt under way; a request that finds one does not start another. */
  attempt: { readonly outcome: Promise<void>; readonly startedAtMs: number } | undefined;
  unknown: boolean;
}

export interface BundleStoreDeps extends FetchBundleDeps {
  readonly rules: FreshnessRules;
  readonly log: Log;
}

/** What a request lends the store: its lifetime, for work beside the answer. */
export type KeepAlive = (work: Promise<unknown>) => void;

export interface BundleStore {
  /**
   * The bundle of an environment, as fresh as the rules promise; undefined when there is no such environment.
   * @throws MillraceError `config-unavailable` when nothing has ever reached this isolate and hub and KV are away.
   */
  read(environmentId: string, keepAlive: KeepAlive): Promise<ServedBundle | undefined>;
  /** Age of the least recently confirmed bundle that is held, or undefined when none is. */
  oldestAgeMs(): number | undefined;
}

function newEntry(): Entry {
  return { held: undefined, failedAtMs: undefined, attempt: undefined, unknown: false };
}

/** This isolate's memory of bundles: last known good, refreshed by the rules, bounded. Safe to lose. */
export class IsolateBundles implements BundleStore {
  readonly #deps: BundleStoreDeps;
  readonly #entries = new BoundedMap<string, Entry>(MAX_HELD);
  /** First lookups under way, apart from the entries so that made-up keys cannot push real bundles out. Bounded by the bucket. */
  readonly #cold = new Map<string, Entry>();
  readonly #unknown = new BoundedMap<string, number>(MAX_UNKNOWN);
  readonly #coldLookups = new TokenBucket(COLD_LOOKUPS);

  constructor(deps: BundleStoreDeps) {
    this.#deps = deps;
  }

  async read(environmentId: string, keepAlive: KeepAlive): Promise<ServedBundle | undefined> {
    const entry = this.#entries.peek(environmentId);
    if (entry?.held === undefined) return this.#readCold(environmentId, keepAlive);
    const nowMs = this.#deps.nowMs();
    const state = {
      ageMs: nowMs - entry.held.confirmedAtMs,
      failedMsAgo: entry.failedAtMs === undefined ? undefined : nowMs - entry.failedAtMs,
    };
    const freshness = decideFreshness(state, this.#deps.rules);
    if (freshness === "refresh-behind") void this.#refresh(environmentId, entry, keepAlive);
    if (freshness === "refresh-first") await this.#refreshAndWait(environmentId, entry, keepAlive);
    return this.#serve(entry.held);
  }

  oldestAgeMs(): number | undefined {
    const nowMs = this.#deps.nowMs();
    const held = [...this.#entries.values()].flatMap((entry) => (entry.held === undefined ? [] : [entry.held]));
    return held.length === 0 ? undefined : Math.max(...held.map((one) => nowMs - one.confirmedAtMs));
  }

  /** The first request of an environment here, and those that come while it waits. */
  async #readCold(environmentId: string, keepAlive: KeepAlive): Promise<ServedBundle | undefined> {
    const nowMs = this.#deps.nowMs();
    const since = this.#unknown.peek(environmentId);
    if (since !== undefined && nowMs - since < this.#deps.rules.staleMs) return undefined;
    let entry = this.#cold.get(environmentId);
    if (entry === undefined) {
      if (!this.#coldLookups.take(nowMs)) throw new MillraceError("config-unavailable", { retryAfterSeconds: 1 });
      entry = newEntry();
      this.#cold.set(environmentId, entry);
    }
    await this.#refreshAndWait(environmentId, entry, keepAlive);
    this.#cold.delete(environmentId);
    if (entry.held !== undefined) {
      this.#entries.set(environmentId, entry);
      return this.#serve(entry.held);
    }
    if (!entry.unknown) throw new MillraceError("config-unavailable", { retryAfterSeconds: 2 });
    this.#unknown.set(environmentId, nowMs);
    return undefined;
  }

  #serve(held: HeldBundle): ServedBundle {
    const neverConfirmed = held.confirmedAtMs === 0;
    const ageMs = this.#deps.nowMs() - (neverConfirmed ? held.pointer.publishedAtMs : held.confirmedAtMs);
    const stale = neverConfirmed || ageMs > this.#deps.rules.staleMs;
    const { epoch, hash, publishedAtMs } = held.pointer;
    return { bundle: held.bundle, epoch, hash, publishedAtMs, stale, ageMs };
  }

  /** Joins the attempt under way, or starts one that outlives the request that started it. */
  #refresh(environmentId: string, entry: Entry, keepAlive: KeepAlive): Promise<void> {
    const nowMs = this.#deps.nowMs();
    // An attempt older than its own limits belonged to a request that was killed; it will never settle.
    if (entry.attempt !== undefined && nowMs - entry.attempt.startedAtMs < 3 * HUB_LIMIT_MS)
      return entry.attempt.outcome;
    const outcome = this.#attempt(environmentId, entry).finally(() => {
      entry.attempt = undefined;
    });
    entry.attempt = { outcome, startedAtMs: nowMs };
    keepAlive(outcome);
    return outcome;
  }

  /** Waits for an attempt, but never for one that another request started and took to its grave. */
  #refreshAndWait(environmentId: string, entry: Entry, keepAlive: KeepAlive): Promise<void> {
    return within(this.#refresh(environmentId, entry, keepAlive), 3 * HUB_LIMIT_MS).catch(() => undefined);
  }

  async #attempt(environmentId: string, entry: Entry): Promise<void> {
    const deps = this.#deps;
    try {
      const current = await within(fetchCurrent(environmentId, entry.held, deps), HUB_LIMIT_MS);
      if (current === null && entry.held !== undefined) throw new Error("the hub forgot an environment");
      entry.unknown = current === null;
      entry.held = current ?? undefined;
      entry.failedAtMs = undefined;
    } catch (error) {
      entry.failedAtMs = deps.nowMs();
      deps.log("warn", "bundle-refresh-failed", { environment_id: environmentId, ...errorFields(error) });
      entry.held ??= await this.#lastKnown(environmentId);
    }
  }

  async #lastKnown(environmentId: string): Promise<HeldBundle | undefined> {
    try {
      return (await within(fetchLastKnown(environmentId, this.#deps), HUB_LIMIT_MS)) ?? undefined;
    } catch (error) {
      this.#deps.log("warn", "bundle-last-known-failed", { environment_id: environmentId, ...errorFields(error) });
      return undefined;
    }
  }
}

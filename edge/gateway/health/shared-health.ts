import {
  closedCircuit,
  emptySketch,
  type KeyTrouble,
  leaseProbe,
  observePeakEwma,
  addToSketch,
  recordOutcomes,
  recordProbe,
  worseTrouble,
} from "@millrace/core/routing";
import type {
  HealthAnswer,
  HealthReport,
  KeyNews,
  KeyState,
  PlaceLease,
  PlaceRequest,
  TargetNews,
  TargetState,
} from "./health-service.ts";

/** What outlives an eviction. Names and JSON values. */
export interface HealthShelf {
  all(): Iterable<readonly [name: string, json: string]>;
  put(name: string, json: string): void;
  remove(name: string): void;
}

export interface SharedHealthDeps {
  readonly shelf: HealthShelf;
  readonly nowMs: () => number;
  readonly chance: () => number;
}

/**
 * A lease that nobody renews is free again after this; holders renew three times within it. What an isolate held when it died is missing for as
 * long, and its calls died with it.
 */
export const PLACE_LEASE_MS = 60_000;

const NEW_TARGET: TargetState = { circuit: closedCircuit, firstToken: undefined, sketch: emptySketch };

type Leases = Map<string, PlaceLease>;

/**
 * What all isolates of an environment know together. Circuits, troubled keys and leases are written down when they change, because an object may be
 * evicted at any time; measurements are not: they are made again.
 */
export class SharedHealth {
  readonly #deps: SharedHealthDeps;
  readonly #targets = new Map<string, TargetState>();
  readonly #troubles = new Map<string, KeyTrouble>();
  readonly #leases = new Map<string, Leases>();

  constructor(deps: SharedHealthDeps) {
    this.#deps = deps;
    for (const [name, json] of deps.shelf.all()) this.#restore(name, JSON.parse(json));
  }

  #restore(name: string, value: unknown): void {
    const id = name.slice(name.indexOf(":") + 1);
    // Only this class wrote them.
    if (name.startsWith("circuit:")) this.#targets.set(id, { ...NEW_TARGET, circuit: value as TargetState["circuit"] });
    if (name.startsWith("trouble:")) this.#troubles.set(id, value as KeyTrouble);
    if (name.startsWith("leases:")) this.#leases.set(id, new Map(value as [string, PlaceLease][]));
  }

  report(report: HealthReport): HealthAnswer {
    const targets: Record<string, TargetState> = {};
    for (const [id, news] of Object.entries(report.targets)) targets[id] = this.#addTarget(id, news);
    const keys: Record<string, KeyState> = {};
    for (const [id, news] of Object.entries(report.keys)) keys[id] = this.#addKey(id, news, report.isolate);
    return { targets, keys };
  }

  leaseProbe(id: string): { readonly granted: boolean; readonly state: TargetState } {
    const state = this.#targets.get(id) ?? NEW_TARGET;
    const circuit = leaseProbe(state.circuit, this.#deps.nowMs());
    if (circuit === undefined) return { granted: false, state };
    return { granted: true, state: this.#setTarget(id, { ...state, circuit }) };
  }

  leasePlaces({ isolate, key, cap, places }: PlaceRequest): PlaceLease {
    const leases = this.#liveLeases(key);
    let taken = 0;
    for (const [holder, lease] of leases) if (holder !== isolate) taken += lease.places;
    const held = leases.get(isolate)?.places ?? 0;
    // What it held it may be using: a cap that was lowered takes effect as calls end.
    const lease = {
      places: Math.max(held, Math.min(places, cap - taken)),
      untilMs: this.#deps.nowMs() + PLACE_LEASE_MS,
    };
    this.#setLease(key, leases, { isolate, lease });
    return lease;
  }

  #addTarget(id: string, { outcomes, firstTokensMs, probe }: TargetNews): TargetState {
    const state = this.#targets.get(id) ?? NEW_TARGET;
    const at = { nowMs: this.#deps.nowMs(), chance: this.#deps.chance() };
    let circuit = recordOutcomes(state.circuit, outcomes, at);
    if (probe !== undefined) circuit = recordProbe(circuit, probe, at);
    let { firstToken, sketch } = state;
    for (const sampleMs of firstTokensMs) {
      firstToken = observePeakEwma(firstToken, sampleMs, at.nowMs);
      sketch = addToSketch(sketch, sampleMs);
    }
    return this.#setTarget(id, { circuit, firstToken, sketch });
  }

  #setTarget(id: string, state: TargetState): TargetState {
    const before = this.#targets.get(id)?.circuit ?? closedCircuit;
    this.#targets.set(id, state);
    const { phase, openUntilMs, probeUntilMs } = state.circuit;
    const changed =
      phase !== before.phase || openUntilMs !== before.openUntilMs || probeUntilMs !== before.probeUntilMs;
    if (changed) this.#deps.shelf.put(`circuit:${id}`, JSON.stringify(state.circuit));
    return state;
  }

  #addKey(id: string, { trouble, places }: KeyNews, isolate: string): KeyState {
    if (trouble === null) {
      if (this.#troubles.delete(id)) this.#deps.shelf.remove(`trouble:${id}`);
    } else if (trouble !== undefined) {
      const worse = worseTrouble(this.#troubles.get(id), trouble) ?? trouble;
      this.#troubles.set(id, worse);
      this.#deps.shelf.put(`trouble:${id}`, JSON.stringify(worse));
    }
    return {
      trouble: this.#troubles.get(id),
      lease: places === undefined ? undefined : this.#keepPlaces(id, isolate, places),
    };
  }

  /** A report never grows a lease; it gives back what is not needed and renews the rest. */
  #keepPlaces(key: string, isolate: string, places: number): PlaceLease | undefined {
    const leases = this.#liveLeases(key);
    const held = leases.get(isolate)?.places ?? 0;
    if (held === 0) return undefined;
    const lease = { places: Math.min(held, places), untilMs: this.#deps.nowMs() + PLACE_LEASE_MS };
    this.#setLease(key, leases, { isolate, lease });
    return lease;
  }

  #liveLeases(key: string): Leases {
    const leases = this.#leases.get(key) ?? new Map<string, PlaceLease>();
    const nowMs = this.#deps.nowMs();
    for (const [isolate, lease] of leases) if (lease.untilMs <= nowMs) leases.delete(isolate);
    this.#leases.set(key, leases);
    return leases;
  }

  #setLease(
    key: string,
    leases: Leases,
    { isolate, lease }: { readonly isolate: string; readonly lease: PlaceLease },
  ): void {
    if (lease.places > 0) leases.set(isolate, lease);
    else leases.delete(isolate);
    this.#deps.shelf.put(`leases:${key}`, JSON.stringify([...leases]));
  }
}

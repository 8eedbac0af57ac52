import { BoundedMap } from "../memory/bounded-map.ts";
import { EnvironmentHealth, type HealthDeps } from "./environment-health.ts";
import type { Reading } from "../metrics/isolate-metrics.ts";
import type { HealthViews } from "./health-view.ts";
import { RequestHealth } from "./request-health.ts";

/** Environments whose health one isolate remembers; each is some kilobytes, and more are rarely served by one. */
const MAX_ENVIRONMENTS = 256;

export interface IsolateHealth extends HealthViews {
  /** How the circuits of all targets stand that were used here. */
  readings(): Iterable<Reading>;
}

/** @param isolate tells this isolate from the others; drawn by chance. */
export function createIsolateHealth(isolate: string, deps: HealthDeps): IsolateHealth {
  const environments = new BoundedMap<string, EnvironmentHealth>(MAX_ENVIRONMENTS);
  return {
    of(environmentId, keepAlive) {
      const health = environments.get(environmentId) ?? new EnvironmentHealth(environmentId, isolate, deps);
      environments.set(environmentId, health);
      return new RequestHealth(health, keepAlive, deps);
    },
    *readings() {
      for (const health of environments.values()) yield* health.circuits(deps.nowMs());
    },
  };
}

import { DurableObject } from "cloudflare:workers";
import type {
  HealthAnswer,
  HealthReport,
  PlaceLease,
  PlaceRequest,
  TargetHealthService,
  TargetState,
} from "../health/health-service.ts";
import { type HealthShelf, SharedHealth } from "../health/shared-health.ts";

function createShelf(sql: SqlStorage): HealthShelf {
  sql.exec("create table if not exists health (name text primary key, json text not null) without rowid");
  return {
    *all() {
      for (const { name, json } of sql.exec<{ name: string; json: string }>("select name, json from health")) {
        yield [name, json];
      }
    },
    put: (name, json) =>
      void sql.exec(
        "insert into health values (?, ?) on conflict (name) do update set json = excluded.json",
        name,
        json,
      ),
    remove: (name) => void sql.exec("delete from health where name = ?", name),
  };
}

/** One object for each environment: what its isolates know about the targets together. All of its work is synchronous, so calls never interleave. */
export class TargetHealth extends DurableObject implements TargetHealthService {
  readonly #health: SharedHealth;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    this.#health = new SharedHealth({
      shelf: createShelf(ctx.storage.sql),
      nowMs: () => Date.now(),
      chance: () => Math.random(),
    });
  }

  async report(report: HealthReport): Promise<HealthAnswer> {
    return this.#health.report(report);
  }

  async leaseProbe(target: string): Promise<{ readonly granted: boolean; readonly state: TargetState }> {
    return this.#health.leaseProbe(target);
  }

  async leasePlaces(request: PlaceRequest): Promise<PlaceLease> {
    return this.#health.leasePlaces(request);
  }
}

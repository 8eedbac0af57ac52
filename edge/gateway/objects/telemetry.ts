import { DurableObject } from "cloudflare:workers";
import { type MetricsShelf, SharedMetrics } from "../metrics/shared-metrics.ts";
import type { MetricsReport, MetricsSnapshot, TelemetryService } from "../metrics/telemetry-service.ts";

function createShelf({ sql, ...storage }: Pick<DurableObjectStorage, "sql" | "transactionSync">): MetricsShelf {
  sql.exec("create table if not exists snapshot (name text primary key, json text not null) without rowid");
  sql.exec("create table if not exists log (id integer primary key, json text not null)");
  return {
    *snapshot() {
      for (const { name, json } of sql.exec<{ name: string; json: string }>("select name, json from snapshot"))
        yield [name, json];
    },
    *log() {
      for (const { json } of sql.exec<{ json: string }>("select json from log order by id")) yield json;
    },
    append: (entries) =>
      storage.transactionSync(() => {
        for (const json of entries) sql.exec("insert into log (json) values (?)", json);
      }),
    compact: (rows) =>
      storage.transactionSync(() => {
        sql.exec("delete from log");
        sql.exec("delete from snapshot");
        for (const [name, json] of rows) sql.exec("insert into snapshot values (?, ?)", name, json);
      }),
  };
}

/** One object for each deployment: what the gateway counts about itself, of all isolates. All of its work is synchronous, so calls never interleave. */
export class Telemetry extends DurableObject implements TelemetryService {
  readonly #metrics: SharedMetrics;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    const { storage } = ctx;
    const shelf = createShelf({ sql: storage.sql, transactionSync: (work) => storage.transactionSync(work) });
    this.#metrics = new SharedMetrics({ shelf, nowMs: () => Date.now() });
  }

  async report(report: MetricsReport): Promise<void> {
    this.#metrics.report(report);
  }

  async snapshot(): Promise<MetricsSnapshot> {
    return this.#metrics.snapshot();
  }

  async ready(): Promise<void> {}
}

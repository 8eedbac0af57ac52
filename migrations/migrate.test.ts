import { getTableColumns, getTableName, is } from "drizzle-orm";
import { PgTable } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { databaseKinds, type TestDatabase } from "../test/support/databases.ts";
import { loadMigrations, migrate, type Migration } from "./migrate.ts";
import * as schema from "./schema/index.ts";

const tables = Object.values(schema).filter((value) => is(value, PgTable));

interface ColumnRow {
  readonly column_name: string;
  readonly type: string;
  readonly nullable: boolean;
}

/** What the Drizzle schema says, in the words of `format_type`. */
function declared(table: PgTable): Record<string, { type: string; nullable: boolean }> {
  return Object.fromEntries(
    Object.values(getTableColumns(table)).map((column) => [
      column.name,
      { type: column.getSQLType(), nullable: !column.notNull },
    ]),
  );
}

async function actual(
  database: TestDatabase,
  table: string,
): Promise<Record<string, { type: string; nullable: boolean }>> {
  const rows = await database.query(
    `select a.attname as column_name, format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable
     from pg_attribute a where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped`,
    [table],
  );
  const columns = rows as unknown as ColumnRow[];
  return Object.fromEntries(columns.map(({ column_name: name, type, nullable }) => [name, { type, nullable }]));
}

describe.each(databaseKinds)("migrate on $name", ({ start }) => {
  let database: TestDatabase;
  let migrations: Migration[];
  beforeAll(async () => {
    database = await start({ migrated: false });
    migrations = await loadMigrations();
  });
  afterAll(() => database.close());

  it("lets two migrators run at once: together they apply each file once", async () => {
    const results = await Promise.all([migrate(database.runBatch, migrations), migrate(database.runBatch, migrations)]);
    expect(results.flatMap(({ applied }) => applied).sort()).toEqual(migrations.map(({ name }) => name));
  });

  it("applies nothing the second time", async () => {
    expect(await migrate(database.runBatch, migrations)).toEqual({ applied: [] });
  });

  it("refuses a file that changed after it was applied", async () => {
    const changed = migrations.with(0, { name: migrations[0]!.name, text: `${migrations[0]!.text} ` });
    await expect(migrate(database.runBatch, changed)).rejects.toThrow("has changed since it was applied");
  });

  it("refuses a new file that sorts before an applied one, and a missing one", async () => {
    await expect(
      migrate(database.runBatch, [{ name: "2020_old.sql", text: "select 1" }, ...migrations]),
    ).rejects.toThrow("only ever added at the end");
    await expect(migrate(database.runBatch, migrations.slice(1))).rejects.toThrow("only ever added at the end");
  });

  it("leaves nothing behind of a file that fails half-way", async () => {
    const broken = {
      name: "29990101000000_broken.sql",
      text: "create table half (a int)\n--> statement-breakpoint\nselect nonsense",
    };
    await expect(migrate(database.runBatch, [...migrations, broken])).rejects.toThrow(
      "29990101000000_broken.sql failed",
    );
    expect(await database.query("select to_regclass('half') as half")).toEqual([{ half: null }]);
    expect(await migrate(database.runBatch, migrations)).toEqual({ applied: [] });
  });

  it.each(tables.map((table) => ({ name: getTableName(table), table })))(
    "has the columns, types and nullability that Drizzle believes in: $name",
    async ({ name, table }) => {
      expect(await actual(database, name)).toEqual(declared(table));
    },
  );

  it("has no table that the schema does not know", async () => {
    const rows = await database.query(
      "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition",
    );
    expect(new Set(rows.map((row) => row["relname"]))).toEqual(
      new Set([...tables.map(getTableName), "schema_migrations"]),
    );
  });

  it("gives every table of a tenant its project", async () => {
    for (const table of tables) {
      if (getTableName(table) !== "projects") expect(Object.keys(declared(table))).toContain("project_id");
    }
  });
});

const prj = (digit: string) => `prj_${digit.repeat(32)}`;
const env = (digit: string) => `env_${digit.repeat(32)}`;
const hash = "0".repeat(64);

describe.each(databaseKinds)("the schema on $name", ({ start }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await start();
    for (const digit of ["a", "b"]) {
      await database.query("insert into projects values ($1, $2, $2, now())", [prj(digit), `p-${digit}`]);
      await database.query("insert into environments values ($1, $2, 'development', '{}', now())", [
        env(digit),
        prj(digit),
      ]);
      await database.query("insert into prompts values ($1, $2, 'reply', '', 1, now())", [`prm_${digit}`, prj(digit)]);
      await database.query("insert into prompt_versions values ($1, $2, $3, 1, $4, '{}', '{}', null, 'test', now())", [
        `ver_${digit}`,
        prj(digit),
        `prm_${digit}`,
        hash,
      ]);
      await database.query("insert into keys values ($1, $2, $3, 'k', $4, 'mlr_', '{}', now(), 'test', null, null)", [
        `key_${digit}`,
        prj(digit),
        env(digit),
        digit.repeat(64),
      ]);
    }
  });
  afterAll(() => database.close());

  it.each([
    [
      "a key in another project's environment",
      "insert into keys values ('key_x', $1, $2, 'k', $3, 'm', '{}', now(), 't', null, null)",
      [prj("a"), env("b"), "c".repeat(64)],
    ],
    [
      "a version of another project's prompt",
      "insert into prompt_versions values ('ver_x', $1, $2, 2, $3, '{}', '{}', null, 't', now())",
      [prj("a"), "prm_b", "d".repeat(64)],
    ],
    [
      "a label on another project's version",
      "insert into labels values ($1, $2, $3, 'production', $4, null, now(), 't')",
      [prj("a"), env("a"), "prm_a", "ver_b"],
    ],
    [
      "a label in another project's environment",
      "insert into labels values ($1, $2, $3, 'production', $4, null, now(), 't')",
      [prj("a"), env("b"), "prm_a", "ver_a"],
    ],
    [
      "an outbox row for another project's environment",
      "insert into outbox (project_id, environment_id, reason, created_at) values ($1, $2, 'x', now())",
      [prj("a"), env("b")],
    ],
    [
      "a bundle for another project's environment",
      "insert into bundles values ($1, $2, 1, $3, '', 1, now())",
      [prj("a"), env("b"), hash],
    ],
    [
      "an audit entry for another project's environment",
      "insert into audit (id, project_id, environment_id, actor, action, subject, detail, at) values ('aud_x', $1, $2, '', '', '', '{}', now())",
      [prj("a"), env("b")],
    ],
  ])("refuses %s", async (_name, text, params) => {
    await expect(database.query(text, params)).rejects.toThrow(/foreign key/);
  });

  const move =
    "insert into label_moves (id, project_id, environment_id, prompt_id, label, to_version_id, kind, actor, moved_at)";

  it("keeps versions, label moves and the audit as they were written", async () => {
    await database.query(`${move} values ('mov_1', $1, $2, 'prm_a', 'production', 'ver_a', 'set', 't', now())`, [
      prj("a"),
      env("a"),
    ]);
    await database.query(
      "insert into audit (id, project_id, actor, action, subject, detail, at) values ('aud_1', $1, 't', 'x.y', 's', '{}', now())",
      [prj("a")],
    );
    for (const table of ["prompt_versions", "label_moves", "audit"]) {
      await expect(database.query(`delete from ${table}`)).rejects.toThrow("append-only");
      await expect(database.query(`update ${table} set project_id = project_id`)).rejects.toThrow("append-only");
      await expect(database.query(`truncate ${table} cascade`)).rejects.toThrow("append-only");
    }
  });

  const trace =
    "insert into traces (project_id, id, started_at, environment_id, key_id, surface, duration_us, status, http_status, streamed, requested, bundle_epoch, bundle_hash, bundle_stale, cache, finish_reasons, metadata) " +
    "values ($1, $2, $3, $4, $5, 'chat', 1, 'ok', 200, false, 'm', 1, 'h', false, 'off', '{}', '{}')";
  const partitionOf = async (id: string) =>
    (await database.query("select tableoid::regclass::text as name from traces where id = $1", [id]))[0]?.["name"];

  it("keeps a trace of a day without a partition, and moves it when the partition is made", async () => {
    await database.query(trace, [prj("a"), "trc_1", "2026-11-22T23:59:59.999Z", env("a"), "key_a"]);
    expect(await partitionOf("trc_1")).toBe("traces_default");
    const made = await database.query("select ensure_trace_partitions('2026-11-22', 2) as made");
    expect(made).toEqual([{ made: 6 }]);
    expect(await partitionOf("trc_1")).toBe("traces_20261122");
    await database.query(trace, [prj("a"), "trc_2", "2026-11-23T00:00:00Z", env("a"), "key_a"]);
    expect(await partitionOf("trc_2")).toBe("traces_20261123");
    expect(await database.query("select ensure_trace_partitions('2026-11-21', 3) as made")).toEqual([{ made: 3 }]);
  });

  it("refuses a trace that pairs a project with another's key or environment, in a daily partition as well", async () => {
    const at = "2026-11-22T10:00:00Z";
    await expect(database.query(trace, [prj("a"), "trc_3", at, env("b"), "key_a"])).rejects.toThrow(/foreign key/);
    await expect(database.query(trace, [prj("a"), "trc_3", at, env("a"), "key_b"])).rejects.toThrow(/foreign key/);
  });
});

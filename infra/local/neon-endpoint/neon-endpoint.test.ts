import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import { neon } from "@neondatabase/serverless";
import type { NeonQueryFunction } from "@neondatabase/serverless";
import { neonConfig } from "@neondatabase/serverless";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startRealPostgres } from "../../../test/support/real-postgres.ts";
import { pgliteBackend, postgresBackend, startNeonEndpoint } from "./index.ts";
import type { NeonEndpoint, SqlBackend } from "./index.ts";

interface Fixture {
  readonly backend: SqlBackend;
  readonly hasVector: boolean;
  close(): Promise<void>;
}

const databases = [
  {
    name: "PGlite",
    open: async (): Promise<Fixture> => {
      const db = await PGlite.create({ extensions: { vector } });
      await db.exec("create extension if not exists vector");
      return { backend: await pgliteBackend(db), hasVector: true, close: async () => db.close() };
    },
  },
  {
    name: "PostgreSQL",
    open: async (): Promise<Fixture> => {
      const server = await startRealPostgres();
      const backend = postgresBackend(server.url);
      return {
        backend,
        hasVector: false,
        close: async () => {
          await backend.close();
          await server.close();
        },
      };
    },
  },
];

const connectionString = "postgres://user:secret@ep-local.example.neon.tech/main";

describe.each(databases)("the Neon endpoint over $name", ({ open }) => {
  let fixture: Fixture;
  let endpoint: NeonEndpoint;
  let sql: NeonQueryFunction<false, false>;

  beforeAll(async () => {
    fixture = await open();
    endpoint = await startNeonEndpoint({ backend: fixture.backend, port: 0, maxBytes: 200_000 });
    neonConfig.fetchEndpoint = endpoint.url;
    neonConfig.disableWarningInBrowsers = true;
    sql = neon(connectionString);
    await sql`create table item (id bigint primary key, name text not null constraint item_name_key unique, at timestamptz)`;
    await sql`create table step (batch int, position serial)`;
  });

  afterAll(async () => {
    await endpoint?.close();
    await fixture?.close();
  });

  test("keeps every type exact, as the driver's own parsers read it", async () => {
    const [row] =
      await sql`select 9007199254740993::bigint as big, 7::int as small, 12345678901234567890.000000001::numeric as exact,
      '{"a":[1,null,"x"]}'::jsonb as json, array['a','b,c',null,'"']::text[] as words, array[1,2]::int[] as numbers,
      '2026-11-22T10:00:00.123456Z'::timestamptz as at, true as yes, null::text as nothing, ''::text as empty, '\\x00ff'::bytea as bytes`;
    expect(row).toEqual({
      big: "9007199254740993",
      small: 7,
      exact: "12345678901234567890.000000001",
      json: { a: [1, null, "x"] },
      words: ["a", "b,c", null, '"'],
      numbers: [1, 2],
      at: new Date("2026-11-22T10:00:00.123Z"),
      yes: true,
      nothing: null,
      empty: "",
      bytes: Buffer.from([0, 255]),
    });
  });

  test("takes parameters of every type", async () => {
    const at = new Date("2026-11-22T10:00:00.123Z");
    const [row] =
      await sql`select ${9007199254740993n}::bigint as big, ${1.5}::numeric as exact, ${{ a: ["é", '"'] }}::jsonb as json,
      ${["a", 'b"c']}::text[] as words, ${at}::timestamptz as at, ${false}::boolean as yes, ${null}::text as nothing, ${Buffer.from([1, 2])}::bytea as bytes`;
    expect(row).toEqual({
      big: "9007199254740993",
      exact: "1.5",
      json: { a: ["é", '"'] },
      words: ["a", 'b"c'],
      at,
      yes: false,
      nothing: null,
      bytes: Buffer.from([1, 2]),
    });
  });

  test("reads enum and array types that were made after the start", async () => {
    await sql`create type mood as enum ('calm', 'busy')`;
    const [row] = await sql`select ${"busy"}::mood as mood, array['calm','busy']::mood[]::text[] as moods`;
    expect(row).toEqual({ mood: "busy", moods: ["calm", "busy"] });
  });

  test("counts touched rows and names the command", async () => {
    const full = neon(connectionString, { fullResults: true });
    const inserted = await full`insert into item values (100, 'counted-1', now()), (101, 'counted-2', now())`;
    expect(inserted).toMatchObject({ command: "INSERT", rowCount: 2, rows: [] });
    const gone = await full`/* a comment */ delete from item where id in (100, 101) returning id`;
    expect(gone).toMatchObject({ command: "DELETE", rowCount: 2, rows: [{ id: "100" }, { id: "101" }] });
  });

  test("rolls a whole batch back when one statement fails, and says what the database said", async () => {
    const batch = sql.transaction([
      sql`insert into item values (1, 'first', now())`,
      sql`insert into item values (2, 'first', now())`,
    ]);
    await expect(batch).rejects.toMatchObject({
      name: "NeonDbError",
      code: "23505",
      constraint: "item_name_key",
      table: "item",
      severity: "ERROR",
      detail: "Key (name)=(first) already exists.",
    });
    expect(await sql`select * from item`).toEqual([]);
  });

  test("reports the position of a syntax error", async () => {
    await expect(sql.query("select from where")).rejects.toMatchObject({ code: "42601", position: "13" });
  });

  test.each([
    ["ReadCommitted", "read committed"],
    ["RepeatableRead", "repeatable read"],
    ["Serializable", "serializable"],
  ] as const)("runs a batch at isolation level %s", async (isolationLevel, name) => {
    const [[row]] = (await sql.transaction([sql`show transaction_isolation`], { isolationLevel })) as [
      [Record<string, unknown>],
    ];
    expect(row).toEqual({ transaction_isolation: name });
  });

  test("refuses a write in a read-only batch, and the next batch may write again", async () => {
    const write = () => sql`insert into item values (3, 'third', now())`;
    await expect(sql.transaction([write()], { readOnly: true })).rejects.toMatchObject({ code: "25006" });
    await sql.transaction([write(), sql`delete from item where id = 3`]);
  });

  test("keeps no state of a session between requests", async () => {
    await sql.query("begin");
    await sql`insert into item values (4, 'fourth', now())`;
    await sql.query("rollback");
    expect(await sql`delete from item where id = 4 returning name`).toEqual([{ name: "fourth" }]);
    await sql.query("set statement_timeout = 1234");
    expect(await sql`show statement_timeout`).toEqual([{ statement_timeout: "0" }]);
  });

  test("concurrent batches never interleave", async () => {
    const batches = Array.from({ length: 12 }, async (_, batch) => {
      await sql.transaction([
        sql`lock table step in exclusive mode`,
        ...Array.from({ length: 5 }, () => sql`insert into step (batch) values (${batch})`),
      ]);
    });
    const others = Array.from({ length: 12 }, async () => sql`select count(*) from step`);
    const counts = await Promise.all([...others, Promise.all(batches)]);
    for (const [row] of counts.slice(0, 12) as { count: string }[][]) expect(Number(row?.count) % 5).toBe(0);
    const rows = (await sql`select batch from step order by position`) as { batch: number }[];
    const runs = rows.map(({ batch }) => batch).filter((batch, index, all) => batch !== all[index - 1]);
    expect(rows).toHaveLength(60);
    expect(runs).toHaveLength(12);
  });

  test("stores and orders vectors where the database has pgvector", async () => {
    if (!fixture.hasVector) {
      await expect(sql.query("select '[1,2,3]'::vector")).rejects.toMatchObject({ code: "42704" });
      return;
    }
    const [row] = await sql`select ${"[1,2,3]"}::vector(3) as v, '[1,0,0]'::vector <=> '[0,1,0]'::vector as distance`;
    expect(row).toEqual({ v: "[1,2,3]", distance: 1 });
  });

  const post = async (body: string, headers: Record<string, string> = { "neon-connection-string": connectionString }) =>
    fetch(endpoint.url, { method: "POST", body, headers });

  test("asks for a connection string and a body of the protocol", async () => {
    expect((await post('{"query":"select 1"}', {})).status).toBe(400);
    for (const body of ["{", "[]", "{}", '{"query":1}', '{"queries":{}}', '{"query":"select 1","params":{}}']) {
      const response = await post(body);
      expect([body, response.status]).toEqual([body, 400]);
      expect(await response.json()).toHaveProperty("message");
    }
  });

  test("refuses a body over the limit with 413 and an answer over it with 507", async () => {
    expect((await post(JSON.stringify({ query: `select '${"x".repeat(200_000)}'` }))).status).toBe(413);
    expect((await post(JSON.stringify({ query: "select repeat('x', 200000)" }))).status).toBe(507);
    expect((await post(JSON.stringify({ query: "select 1" }))).status).toBe(200);
  });

  test("answers rows as objects when array mode is not asked for", async () => {
    expect(await (await post('{"query":"select 1 as a"}')).json()).toMatchObject({
      rows: [{ a: "1" }],
      rowAsArray: false,
    });
  });
});

test("a database that is away is a 503, not a database error", async () => {
  const backend = postgresBackend("postgres://nobody@127.0.0.1:1/nothing");
  const endpoint = await startNeonEndpoint({ backend, port: 0 });
  const response = await fetch(endpoint.url, {
    method: "POST",
    body: '{"query":"select 1"}',
    headers: { "neon-connection-string": connectionString },
  });
  expect(response.status).toBe(503);
  await endpoint.close();
  await backend.close();
});

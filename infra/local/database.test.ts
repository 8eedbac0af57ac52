import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase } from "./database.ts";

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "millrace-database-"));
});
afterEach(async () => rm(dataDir, { recursive: true, force: true }));

const open = async (say: (level: string, text: string) => void = () => undefined) =>
  openDatabase({ dataDir, databaseUrl: undefined, say });

/** Writes rows one by one, says which it was told are stored, and is killed in the middle of it. */
async function writeUntilKilled(rows: number): Promise<number> {
  const script = `
    import { openDatabase } from ${JSON.stringify(new URL("./database.ts", import.meta.url).href)};
    const { backend } = await openDatabase({ dataDir: process.argv[1], databaseUrl: undefined, say() {} });
    const run = (query, params = []) => backend.single({ query, params });
    await run("create table if not exists t (id bigint primary key, pad text)");
    let id = Number((await run("select coalesce(max(id), 0) from t")).rows[0][0]);
    for (;;) { id += 1; await run("insert into t values ($1, repeat('x', 2000))", [String(id)]); console.log(id); }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let first: number | undefined;
  let last = 0;
  const closed = new Promise((resolve) => child.on("close", resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    first ??= last;
    if (last - first >= rows) child.kill("SIGKILL");
  }
  await closed;
  return last;
}

test("what was acknowledged is there after kill -9, several times over", async () => {
  for (const rows of [50, 5, 120]) {
    const acknowledged = await writeUntilKilled(rows);
    const { backend } = await open();
    const result = await backend.single({ query: "select count(*), max(id) from t", params: [] });
    const [count, max] = (result.rows[0] ?? []).map(Number);
    expect(max).toBeGreaterThanOrEqual(acknowledged);
    expect(count).toBe(max);
  }
}, 120_000);

test("a database that cannot be opened is set aside and the last clean end restored, loudly", async () => {
  const first = await open();
  await first.backend.single({ query: "create table kept as select 7 as n", params: [] });
  await first.close();
  await truncate(join(dataDir, "pg/global/pg_control"), 0);
  const said: string[] = [];
  const second = await open((level, text) => said.push(`${level} ${text}`));
  expect((await second.backend.single({ query: "select n from kept", params: [] })).rows).toEqual([["7"]]);
  await second.close();
  expect(said.join("\n")).toMatch(/error THE DATABASE COULD NOT BE OPENED/);
  expect((await readdir(dataDir)).filter((name) => name.startsWith("pg.broken-"))).toHaveLength(1);
}, 60_000);

test("without a snapshot a broken database stops the start and is left as it is", async () => {
  const first = await open();
  await first.close();
  await rm(join(dataDir, "pg.snapshot"), { recursive: true });
  await truncate(join(dataDir, "pg/global/pg_control"), 0);
  await expect(open()).rejects.toThrow(/no snapshot.*Move the folder away/);
  expect(await readdir(dataDir)).toEqual(["pg"]);
}, 60_000);

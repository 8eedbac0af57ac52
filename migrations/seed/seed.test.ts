import { readFile } from "node:fs/promises";
import { routeSchema, targetsOf } from "@millrace/core/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { databaseKinds, type TestDatabase } from "../../test/support/databases.ts";
import { seed } from "./index.ts";

describe.each(databaseKinds)("seed on $name", ({ start }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await start();
  });
  afterAll(() => database.close());

  const count = async (table: string) =>
    Number((await database.query(`select count(*)::int as n from ${table}`))[0]?.["n"]);

  it("makes the demonstration project, and two starts at once make it once", async () => {
    const results = await Promise.all([
      seed(database.runBatch, { now: new Date("2026-11-22T10:00:00Z") }),
      seed(database.runBatch, { now: new Date("2026-11-22T10:00:01Z") }),
    ]);
    expect(results.map(({ created }) => created).sort((a, b) => Number(a) - Number(b))).toEqual([false, true]);
    expect(results[0].environmentId).toBe(results[1].environmentId);
    expect(
      await Promise.all(
        ["environments", "prompts", "prompt_versions", "labels", "models", "route_targets", "outbox"].map(count),
      ),
    ).toEqual([3, 3, 9, 18, 1, 1, 3]);
  });

  it("knows what the shipped model's context holds: a budget of tokens bounds a request that sets no limit of its own", async () => {
    const config = new URL("../../gpu-runner/models/millrace-support/config.json", import.meta.url);
    const { max_position_embeddings: shipped } = JSON.parse(await readFile(config, "utf8")) as Record<string, unknown>;
    const [row] = await database.query("select route::text as route from models");
    const route = routeSchema.parse(JSON.parse(String(row?.["route"])));
    expect(targetsOf(route).map((target) => target.context_tokens)).toEqual([shipped]);
  });

  it("keeps the order of an output schema's properties: the model answers in it", async () => {
    const [row] = await database.query(
      "select v.content::text as content from prompt_versions v join prompts p on p.id = v.prompt_id where p.name = 'support-triage' and v.version = 3",
    );
    expect(String(row?.["content"])).toMatch(/"category".*"urgency".*"sentiment"/s);
  });

  it("leaves alone what somebody changed or deleted since", async () => {
    await database.query("delete from route_targets");
    await database.query("delete from models");
    await database.query("update labels set version_id = null where label = 'candidate'");
    expect((await seed(database.runBatch)).created).toBe(false);
    expect(await count("models")).toBe(0);
    expect(await count("labels where version_id is null")).toBe(9);
  });
});

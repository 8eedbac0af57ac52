import { permissionSchema, type Principal } from "@millrace/core/contract";
import { seed, type SeedResult } from "@millrace/migrations/seed";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { databaseKinds, type TestDatabase } from "../../test/support/databases.ts";
import { openDatabase } from "../database.ts";
import { readPublicationState } from "../publish/publication-store.ts";
import { type ControlApi, createControlApi } from "./index.ts";

const other = { project: `prj_${"b".repeat(32)}`, environment: `env_${"b".repeat(32)}`, key: `key_${"b".repeat(32)}` };
const body = { scope: "user", window: { kind: "calendar", unit: "day" }, limit: { tokens: 1000 } };

describe.each(databaseKinds)("budgets on $name", ({ start }) => {
  let database: TestDatabase;
  let seeded: SeedResult;
  let api: ControlApi;
  let owner: Principal;
  let attacker: Principal;
  let published: string[] = [];

  beforeAll(async () => {
    database = await start();
    seeded = await seed(database.runBatch);
    const permissions = permissionSchema.options;
    const environment = "development";
    const keyId = `key_${"a".repeat(32)}`;
    const { projectId, environmentId } = seeded;
    owner = { projectId, projectSlug: "northwind", environmentId, environment, keyId, permissions };
    attacker = {
      projectId: other.project,
      projectSlug: "other",
      environmentId: other.environment,
      environment,
      keyId: other.key,
      permissions,
    };
    await database.query("insert into projects values ($1, 'other', 'Other', now())", [other.project]);
    await database.query("insert into environments values ($1, $2, 'development', '{}', now())", [
      other.environment,
      other.project,
    ]);
    api = createControlApi({
      db: openDatabase(database),
      now: () => new Date(),
      randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
      allowedPrivateHosts: [],
      publish: (ids) => void published.push(...ids),
      replayDeadLetters: async () => ({ replayed: 0, failed: 0 }),
      readBodies: async () => null,
      log: () => undefined,
    });
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    await database.query("delete from budgets");
    published = [];
  });

  // oxlint-disable-next-line typescript/no-explicit-any -- tests read answers of every shape
  async function call(line: string, sent?: unknown, principal = owner): Promise<{ status: number; body: any }> {
    const [method = "", path = ""] = line.split(" ");
    const init =
      sent === undefined ? {} : { body: JSON.stringify(sent), headers: { "content-type": "application/json" } };
    const response = await api(new Request(`https://control/api/v1${path}`, { method, ...init }), principal);
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  }
  const codeOf = async (line: string, sent?: unknown, principal = owner) =>
    (await call(line, sent, principal)).body?.code as string | undefined;
  const names = async (principal = owner) =>
    (await call("GET /budgets", undefined, principal)).body.data.map((each: { name: string }) => each.name);

  it("are put, replaced, listed by name and deleted, each time published to every environment", async () => {
    const put = await call("PUT /budgets/team", body);
    expect([put.status, put.body.name, put.body.on_exceed]).toEqual([200, "team", "block"]);
    expect(put.body.window.time_zone).toBe("UTC");
    await call("PUT /budgets/all", body);
    await call("PUT /budgets/team", { ...body, limit: { usd_micros: 5 } });
    const { data } = (await call("GET /budgets")).body;
    expect(data.map((each: { name: string; limit: object }) => [each.name, each.limit])).toEqual([
      ["all", { tokens: 1000 }],
      ["team", { usd_micros: 5 }],
    ]);
    expect((await call("DELETE /budgets/all")).status).toBe(204);
    expect(await codeOf("DELETE /budgets/all")).toBe("unknown-resource");
    expect(published).toHaveLength(4 * Object.keys(seeded.environmentIds).length);
    const audited = await database.query("select action from audit where subject = 'all' order by sequence");
    expect(audited.map(({ action }) => action)).toEqual(["budget.put", "budget.delete"]);
  });

  it("are in the bundle of their environment only, or of all", async () => {
    await call("PUT /budgets/everywhere", body);
    await call("PUT /budgets/here", { ...body, environment: "development" });
    const of = async (name: string) =>
      (await readPublicationState(openDatabase(database), seeded.environmentIds[name] ?? ""))?.rows.budgets
        .map((budget) => budget.name)
        .toSorted();
    expect(await of("development")).toEqual(["everywhere", "here"]);
    expect(await of("staging")).toEqual(["everywhere"]);
  });

  it("are refused where they mean nothing or reach where they must not", async () => {
    expect(await codeOf("PUT /budgets/b", { ...body, limit: {} })).toBe("invalid-request");
    expect(await codeOf("PUT /budgets/b", { ...body, environment: "nowhere" })).toBe("unknown-resource");
    const webhook = { url: "http://169.254.169.254/latest" };
    expect(await codeOf("PUT /budgets/b", { ...body, alerts: [0.5], webhook })).toBe("url-not-allowed");
    expect(await codeOf("PUT /budgets/b", body, { ...owner, permissions: ["budgets:read"] })).toBe("permission-denied");
    expect(await names()).toEqual([]);
  });

  it("of one project are nothing to another: not seen, not changed, not deleted, not counted", async () => {
    await call("PUT /budgets/team", body);
    expect(await names(attacker)).toEqual([]);
    expect(await codeOf("DELETE /budgets/team", undefined, attacker)).toBe("unknown-resource");
    await call("PUT /budgets/team", { ...body, limit: { tokens: 7 } }, attacker);
    expect((await call("GET /budgets")).body.data[0].limit).toEqual({ tokens: 1000 });
    const environment = "staging";
    expect(await codeOf("PUT /budgets/x", { ...body, environment }, attacker)).toBe("unknown-resource");
  });

  it("are at most a hundred of a project, and those there are can still be changed", async () => {
    await database.query(
      "insert into budgets select 'bgt_' || n, $1, 'b' || n, null, '{}', now(), now() from generate_series(1, 100) n",
      [owner.projectId],
    );
    expect(await codeOf("PUT /budgets/one-more", body)).toBe("invalid-request");
    expect((await call("PUT /budgets/b7", body)).status).toBe(200);
  });
});

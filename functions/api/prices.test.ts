import { permissionSchema, type Principal } from "@millrace/core/contract";
import { seed, type SeedResult } from "@millrace/migrations/seed";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { databaseKinds, type TestDatabase } from "../../test/support/databases.ts";
import { openDatabase } from "../database.ts";
import { type ControlApi, createControlApi } from "./index.ts";

const other = { project: `prj_${"b".repeat(32)}`, environment: `env_${"b".repeat(32)}`, key: `key_${"b".repeat(32)}` };
const price = { scope: { kind: "openai" }, model: "gpt-x", rates: { input: 1_000_000, output: 2_000_000 } };
const file = {
  "gpt-x": { litellm_provider: "openai", input_cost_per_token: 2e-6, output_cost_per_token: 4e-6 },
  "gpt-y": { litellm_provider: "openai", input_cost_per_token: 3e-6, output_cost_per_token: 6e-6 },
  "deepinfra/z": { litellm_provider: "deepinfra", input_cost_per_token: 1e-6, output_cost_per_token: 1e-6 },
};
const imported = (prices: object, more: object = {}) => ({ format: "litellm", prices, ...more });

describe.each(databaseKinds)("prices on $name", ({ start }) => {
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
    owner = {
      projectId: seeded.projectId,
      projectSlug: "northwind",
      environmentId: seeded.environmentId,
      environment,
      keyId: `key_${"a".repeat(32)}`,
      permissions,
    };
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
    await database.query("delete from prices");
    published = [];
  });

  // oxlint-disable-next-line typescript/no-explicit-any -- tests read answers of every shape
  async function call(line: string, body?: unknown, principal = owner): Promise<{ status: number; body: any }> {
    const [method = "", path = ""] = line.split(" ");
    const init =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const response = await api(new Request(`https://control/api/v1${path}`, { method, ...init }), principal);
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  }
  const listed = async (query = "", principal = owner) => {
    const { body } = await call(`GET /prices${query}`, undefined, principal);
    return (body.data as { origin: string; price: { model: string; rates: { input: number } } }[]).map(
      (row) => `${row.origin} ${row.price.model} ${row.price.rates.input}`,
    );
  };

  it("are set once for each scope, model and moment, and published to every environment", async () => {
    const first = await call("PUT /prices", price);
    expect([first.status, first.body.origin, first.body.price.match]).toEqual([200, "override", "exact"]);
    const again = await call("PUT /prices", { ...price, rates: { input: 5 } });
    expect(again.body.id).toBe(first.body.id);
    await call("PUT /prices", { ...price, valid_from: "2027-01-01T00:00:00Z" });
    await call("PUT /prices", { ...price, match: "prefix" });
    expect(await listed()).toHaveLength(3);
    expect(new Set(published)).toEqual(new Set(Object.values(seeded.environmentIds)));
    const audit = await call("GET /audit");
    expect(audit.body.data[0]).toMatchObject({ action: "price.put", subject: "gpt-x" });
  });

  it("are imported all at once: what the file no longer has is gone, the project's own rows stay", async () => {
    await call("PUT /prices", price);
    const report = (await call("POST /prices/import", imported(file))).body;
    expect(report).toMatchObject({ imported: 2, skipped: [{ name: "deepinfra/z", reason: "unknown-provider" }] });
    const { "gpt-y": kept } = file;
    await call("POST /prices/import", imported({ "gpt-y": { ...kept, input_cost_per_token: 7e-6 } }));
    expect(await listed()).toEqual(["override gpt-x 1000000", "import gpt-y 7000000"]);
  });

  it("change nothing, and publish nothing, when the same file is imported again", async () => {
    await call("POST /prices/import", imported(file));
    const before = (await call("GET /prices")).body;
    published = [];
    expect((await call("POST /prices/import", imported(file))).body.imported).toBe(2);
    expect((await call("GET /prices")).body).toEqual(before);
    expect(published).toEqual([]);
  });

  it("can be imported for a provider of the project by its name", async () => {
    const asLocal = imported(file, { providers: { deepinfra: "local-runner" } });
    expect((await call("POST /prices/import", asLocal)).body.imported).toBe(3);
    const unknown = imported(file, { providers: { deepinfra: "nobody" } });
    expect((await call("POST /prices/import", unknown)).body.code).toBe("unknown-resource");
  });

  it("are listed page by page, by the beginning of names and by origin", async () => {
    await call("POST /prices/import", imported(file));
    await call("PUT /prices", price);
    const first = (await call("GET /prices?limit=2")).body;
    const second = (await call(`GET /prices?limit=2&after=${encodeURIComponent(first.next)}`)).body;
    const ids = [...first.data, ...second.data].map((row: { id: string }) => row.id);
    expect([new Set(ids).size, second.next]).toEqual([3, null]);
    expect(await listed("?model=gpt-y")).toEqual(["import gpt-y 3000000"]);
    expect(await listed("?origin=override")).toEqual(["override gpt-x 1000000"]);
  });

  it("belong to their project: another sees, replaces and deletes none of them", async () => {
    const { id } = (await call("PUT /prices", price)).body;
    await call("POST /prices/import", imported(file));
    const before = (await call("GET /prices")).body;
    expect(await listed("", attacker)).toEqual([]);
    expect((await call(`DELETE /prices/${id}`, undefined, attacker)).status).toBe(404);
    await call("PUT /prices", { ...price, rates: { input: 9 } }, attacker);
    await call("POST /prices/import", imported({}), attacker);
    await call("POST /prices/import", imported({ "gpt-x": { ...file["gpt-x"], input_cost_per_token: 1 } }), attacker);
    expect((await call("GET /prices")).body).toEqual(before);
    expect((await call("PUT /prices", { ...price, scope: { provider: "local-runner" } }, attacker)).body.code).toBe(
      "unknown-resource",
    );
  });

  it("need their own permissions", async () => {
    const reader = { ...owner, permissions: ["prices:read" as const] };
    expect((await call("GET /prices", undefined, reader)).status).toBe(200);
    expect((await call("PUT /prices", price, reader)).status).toBe(403);
    expect((await call("POST /prices/import", imported(file), reader)).status).toBe(403);
    expect((await call("GET /prices", undefined, { ...owner, permissions: ["models:read"] })).status).toBe(403);
  });

  it("are deleted by id, once", async () => {
    const { id } = (await call("PUT /prices", price)).body;
    expect((await call(`DELETE /prices/${id}`)).status).toBe(204);
    expect((await call(`DELETE /prices/${id}`)).body.code).toBe("unknown-resource");
  });

  it.each([
    [{ ...price, rates: { input: 1.5 } }],
    [{ ...price, rates: { input: -1 } }],
    [{ ...price, rates: { inputs: 1 } }],
    [{ ...price, scope: { kind: "nobody" } }],
    [{ ...price, scope: { kind: "openai", provider: "p" } }],
    [{ ...price, valid_from: "2027-01-01T00:00:00Z", valid_until: "2026-01-01T00:00:00Z" }],
    [{ ...price, tiers: [2, 1].map((above_input_tokens) => ({ above_input_tokens, rates: {} })) }],
  ])("refuse %j", async (body) => {
    expect((await call("PUT /prices", body)).body.code).toBe("invalid-request");
  });
});

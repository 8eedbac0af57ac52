import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ControlApiUnderTest, startControlApi } from "../../test/support/control-api.ts";
import { databaseKinds } from "../../test/support/databases.ts";

const price = { scope: { kind: "openai" }, model: "gpt-x", rates: { input: 1_000_000, output: 2_000_000 } };
const file = {
  "gpt-x": { litellm_provider: "openai", input_cost_per_token: 2e-6, output_cost_per_token: 4e-6 },
  "gpt-y": { litellm_provider: "openai", input_cost_per_token: 3e-6, output_cost_per_token: 6e-6 },
  "deepinfra/z": { litellm_provider: "deepinfra", input_cost_per_token: 1e-6, output_cost_per_token: 1e-6 },
};
const imported = (prices: object, more: object = {}) => ({ format: "litellm", prices, ...more });

describe.each(databaseKinds)("prices on $name", ({ start }) => {
  let control: ControlApiUnderTest;
  let call: ControlApiUnderTest["call"];

  beforeAll(async () => {
    control = await startControlApi(start);
    ({ call } = control);
  });
  afterAll(() => control.database.close());
  beforeEach(async () => {
    await control.database.query("delete from prices");
    control.published.length = 0;
  });

  const listed = async (query = "", principal = control.owner) => {
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
    expect(new Set(control.published)).toEqual(new Set(Object.values(control.seeded.environmentIds)));
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
    control.published.length = 0;
    expect((await call("POST /prices/import", imported(file))).body.imported).toBe(2);
    expect((await call("GET /prices")).body).toEqual(before);
    expect(control.published).toEqual([]);
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
    expect(await listed("", control.attacker)).toEqual([]);
    expect((await call(`DELETE /prices/${id}`, undefined, control.attacker)).status).toBe(404);
    await call("PUT /prices", { ...price, rates: { input: 9 } }, control.attacker);
    await call("POST /prices/import", imported({}), control.attacker);
    await call(
      "POST /prices/import",
      imported({ "gpt-x": { ...file["gpt-x"], input_cost_per_token: 1 } }),
      control.attacker,
    );
    expect((await call("GET /prices")).body).toEqual(before);
    expect(
      (await call("PUT /prices", { ...price, scope: { provider: "local-runner" } }, control.attacker)).body.code,
    ).toBe("unknown-resource");
  });

  it("need their own permissions", async () => {
    const reader = { ...control.owner, permissions: ["prices:read" as const] };
    expect((await call("GET /prices", undefined, reader)).status).toBe(200);
    expect((await call("PUT /prices", price, reader)).status).toBe(403);
    expect((await call("POST /prices/import", imported(file), reader)).status).toBe(403);
    expect((await call("GET /prices", undefined, { ...control.owner, permissions: ["models:read"] })).status).toBe(403);
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

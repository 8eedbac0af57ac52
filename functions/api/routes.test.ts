import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ControlApiUnderTest, startControlApi } from "../../test/support/control-api.ts";
import { databaseKinds } from "../../test/support/databases.ts";
import { openDatabase } from "../database.ts";
import { readPublicationState } from "../publish/publication-store.ts";

const target = (provider: string, model: string) => ({ kind: "target", provider, model });

describe.each(databaseKinds)("routes on $name", ({ start }) => {
  let control: ControlApiUnderTest;
  let call: ControlApiUnderTest["call"];

  beforeAll(async () => {
    control = await startControlApi(start);
    ({ call } = control);
    for (const [name, secrets] of [
      ["first", ["KEY_A", "KEY_B"]],
      ["second", ["KEY_C"]],
    ] as const) {
      await call(`PUT /providers/${name}`, {
        kind: "openai-compatible",
        base_url: `https://${name}.example/v1`,
        secrets,
        max_concurrent: 8,
      });
    }
  });
  afterAll(() => control.database.close());

  const published = async () =>
    (await readPublicationState(openDatabase(control.database), control.seeded.environmentId))?.rows;

  it("keep a provider's keys, cap and settings, in what is listed and in what is published", async () => {
    const provider = {
      kind: "workers-ai",
      secrets: ["CF_ONE", "CF_TWO"],
      max_concurrent: 12,
      settings: { account_id: "0123456789abcdef0123456789abcdef" },
    };
    expect((await call("PUT /providers/workers", provider)).status).toBe(200);
    const listed = (await call("GET /providers")).body.data.find((each: { name: string }) => each.name === "workers");
    expect(listed).toMatchObject(provider);
    expect((await published())?.providers.find(({ name }) => name === "workers")).toEqual(listed);
    const { secrets: _several, max_concurrent: _cap, ...one } = { ...provider, secret: "CF_ONE" };
    await call("PUT /providers/workers", one);
    expect((await published())?.providers.find(({ name }) => name === "workers")).not.toHaveProperty("secrets");
  });

  it("keep a nested tree and its model's resilience, in what is listed and in what is published", async () => {
    const model = {
      route: {
        kind: "conditional",
        branches: [
          {
            when: {
              any: [{ field: "metadata.tier", is: "equals", value: "gold" }, { not: { field: "user", is: "exists" } }],
            },
            route: { kind: "fastest", routes: [target("first", "big"), target("second", "big")] },
          },
        ],
        otherwise: {
          kind: "sticky",
          by: "user",
          routes: [
            { weight: 9, route: target("first", "small") },
            {
              weight: 1,
              route: { ...target("second", "small"), context_tokens: 8192, capabilities: { tools: false } },
            },
          ],
        },
      },
      resilience: { max_attempts: 3, hedge: { after_quantile: 0.95, max_cost_usd_micros: 500 }, deadline_ms: 20_000 },
    };
    expect((await call("PUT /models/tree", model)).status).toBe(200);
    const listed = (await call("GET /models")).body.data.find((each: { name: string }) => each.name === "tree");
    expect(listed).toMatchObject(model);
    expect(listed.resilience).toMatchObject({ retries_per_target: 1, recovery: "resume" });
    expect((await published())?.models.find(({ name }) => name === "tree")).toEqual(listed);
    expect((await call("DELETE /providers/second")).body.code).toBe("in-use");
  });

  it("are refused when any target, at any depth, names a provider that the project does not have", async () => {
    const route = {
      kind: "fallback",
      routes: [target("first", "m"), { kind: "weighted", routes: [{ weight: 1, route: target("nowhere", "m") }] }],
    };
    const refused = await call("PUT /models/broken", { route });
    expect([refused.body.code, refused.body.detail]).toEqual(["unknown-resource", expect.stringContaining("nowhere")]);
    expect((await call("PUT /models/stolen", { route: target("first", "m") }, control.attacker)).body.code).toBe(
      "unknown-resource",
    );
  });

  it.each([
    ["both one secret and several", "/providers/odd", { kind: "openai", secret: "A", secrets: ["B"] }],
    ["a cap of nothing", "/providers/odd", { kind: "openai", secret: "A", max_concurrent: 0 }],
    ["a tree without branches", "/models/odd", { route: { kind: "fallback", routes: [] } }],
    [
      "a condition on a field that there is not",
      "/models/odd",
      {
        route: {
          kind: "conditional",
          branches: [{ when: { field: "weather", is: "exists" }, route: target("first", "m") }],
        },
      },
    ],
    ["a hedge without a moment", "/models/odd", { route: target("first", "m"), resilience: { hedge: {} } }],
  ])("are refused with %s", async (_what, path, body) => {
    expect((await call(`PUT ${path}`, body)).body.code).toBe("invalid-request");
  });

  it("are refused beyond eight levels", async () => {
    const deep = (levels: number): object =>
      levels === 1 ? target("first", "m") : { kind: "fallback", routes: [deep(levels - 1)] };
    expect((await call("PUT /models/deep", { route: deep(8) })).status).toBe(200);
    expect((await call("PUT /models/deep", { route: deep(9) })).body.code).toBe("invalid-request");
  });
});

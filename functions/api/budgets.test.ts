import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ControlApiUnderTest, startControlApi } from "../../test/support/control-api.ts";
import { databaseKinds } from "../../test/support/databases.ts";
import { openDatabase } from "../database.ts";
import { readPublicationState } from "../publish/publication-store.ts";

const body = { scope: "user", window: { kind: "calendar", unit: "day" }, limit: { tokens: 1000 } };

describe.each(databaseKinds)("budgets on $name", ({ start }) => {
  let control: ControlApiUnderTest;
  let call: ControlApiUnderTest["call"];
  let codeOf: ControlApiUnderTest["codeOf"];

  beforeAll(async () => {
    control = await startControlApi(start);
    ({ call, codeOf } = control);
  });
  afterAll(() => control.database.close());
  beforeEach(async () => {
    await control.database.query("delete from budgets");
    control.published.length = 0;
  });

  const names = async (principal = control.owner) =>
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
    expect(await codeOf("DELETE /budgets/all")).toBe("404 unknown-resource");
    expect(control.published).toHaveLength(4 * Object.keys(control.seeded.environmentIds).length);
    const audited = await control.database.query("select action from audit where subject = 'all' order by sequence");
    expect(audited.map(({ action }) => action)).toEqual(["budget.put", "budget.delete"]);
  });

  it("are in the bundle of their environment only, or of all", async () => {
    await call("PUT /budgets/everywhere", body);
    await call("PUT /budgets/here", { ...body, environment: "development" });
    const of = async (name: string) =>
      (
        await readPublicationState(openDatabase(control.database), control.seeded.environmentIds[name] ?? "")
      )?.rows.budgets
        .map((budget) => budget.name)
        .toSorted();
    expect(await of("development")).toEqual(["everywhere", "here"]);
    expect(await of("staging")).toEqual(["everywhere"]);
  });

  it("are refused where they mean nothing or reach where they must not", async () => {
    expect(await codeOf("PUT /budgets/b", { ...body, limit: {} })).toBe("400 invalid-request");
    expect(await codeOf("PUT /budgets/b", { ...body, environment: "nowhere" })).toBe("404 unknown-resource");
    const webhook = { url: "http://169.254.169.254/latest" };
    expect(await codeOf("PUT /budgets/b", { ...body, alerts: [0.5], webhook })).toBe("422 url-not-allowed");
    expect(await codeOf("PUT /budgets/b", body, { ...control.owner, permissions: ["budgets:read"] })).toBe(
      "403 permission-denied",
    );
    expect(await names()).toEqual([]);
  });

  it("of one project are nothing to another: not seen, not changed, not deleted, not counted", async () => {
    await call("PUT /budgets/team", body);
    expect(await names(control.attacker)).toEqual([]);
    expect(await codeOf("DELETE /budgets/team", undefined, control.attacker)).toBe("404 unknown-resource");
    await call("PUT /budgets/team", { ...body, limit: { tokens: 7 } }, control.attacker);
    expect((await call("GET /budgets")).body.data[0].limit).toEqual({ tokens: 1000 });
    const environment = "staging";
    expect(await codeOf("PUT /budgets/x", { ...body, environment }, control.attacker)).toBe("404 unknown-resource");
  });

  it("are at most a hundred of a project, and those there are can still be changed", async () => {
    await control.database.query(
      "insert into budgets select 'bgt_' || n, $1, 'b' || n, null, '{}', now(), now() from generate_series(1, 100) n",
      [control.owner.projectId],
    );
    expect(await codeOf("PUT /budgets/one-more", body)).toBe("400 invalid-request");
    expect((await call("PUT /budgets/b7", body)).status).toBe(200);
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type Lab, type LabTenant, MODEL, startLab } from "./lab.ts";
import { failure, sound } from "./wire.ts";

/** More than a circuit takes. */
const BAD_CALLS = 8;

let lab: Lab;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab?.close());

async function answeredBy(tenant: LabTenant): Promise<string | null> {
  const response = await lab.gateway.post("/v1/chat/completions", tenant, {
    model: MODEL,
    messages: [{ role: "user", content: "hi" }],
  });
  await response.text();
  return response.status === 200 ? response.headers.get("x-millrace-provider") : `status ${response.status}`;
}

describe("a provider that flaps", () => {
  it("is left alone while it is bad, probed, and returned to when it is well; nobody notices", async () => {
    const targets = [
      { name: "one", answers: [failure(500)] },
      { name: "two", answers: [sound("two")] },
    ];
    const tenant = await lab.admit({ targets: () => targets }, { firstText: Promise.resolve() });
    for (let call = 0; call < BAD_CALLS; call++) expect(await answeredBy(tenant)).toBe("two");
    const asked = (): number => lab.upstream.requestsOf(tenant.scripted("one")).length;
    const before = asked();
    expect(before).toBeLessThan(BAD_CALLS);
    expect(await answeredBy(tenant)).toBe("two");
    expect(asked()).toBe(before);
    lab.upstream.script(tenant.scripted("one"), [sound()]);
    await eventually(async () => expect(await answeredBy(tenant)).toBe("one"));
    for (let call = 0; call < BAD_CALLS; call++) expect(await answeredBy(tenant)).toBe("one");
  });

  it("tells when to come back, while nobody else can answer", async () => {
    const targets = [{ name: "one", answers: [failure(500)] }];
    const tenant = await lab.admit({ targets: () => targets }, { firstText: Promise.resolve() });
    await eventually(async () => {
      const response = await lab.gateway.post("/v1/chat/completions", tenant, {
        model: MODEL,
        messages: [{ role: "user", content: "hi" }],
      });
      expect([response.status, Number(response.headers.get("retry-after")) > 0]).toEqual([503, true]);
      expect(await response.json()).toMatchObject({ error: { code: "targets-unavailable" } });
    });
    lab.upstream.script(tenant.scripted("one"), [sound()]);
    await eventually(async () => expect(await answeredBy(tenant)).toBe("one"));
  });
});

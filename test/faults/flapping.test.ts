import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gate } from "../fakes/upstream.ts";
import { eventually } from "../support/eventually.ts";
import { type Lab, type LabTenant, MODEL, startLab } from "./lab.ts";
import { failure, sound } from "./wire.ts";

/** More than a circuit takes. */
const BAD_CALLS = 8;
const AT_ONCE = 4;

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

  it("is tried by one call at a time while nobody else can answer; the others learn when to come back", async () => {
    const targets = [{ name: "one", answers: [failure(500)] }];
    const tenant = await lab.admit({ targets: () => targets }, { firstText: Promise.resolve() });
    for (let call = 0; call < BAD_CALLS; call++) await answeredBy(tenant);
    const held = gate();
    const stillBad = { ...failure(500), steps: [{ until: held.opened }] };
    lab.upstream.script(tenant.scripted("one"), [stillBad]);
    const told: (readonly [number, string | null])[] = [];
    const ask = async (): Promise<void> => {
      const response = await lab.gateway.post("/v1/chat/completions", tenant, {
        model: MODEL,
        messages: [{ role: "user", content: "hi" }],
      });
      await response.text();
      told.push([response.status, response.headers.get("retry-after")]);
      if (told.length === AT_ONCE - 1) held.open();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, ask));
    expect(told.slice(0, -1)).toEqual(
      Array.from({ length: AT_ONCE - 1 }, () => [503, expect.stringMatching(/^[1-9]/)]),
    );
    expect(told.at(-1)?.[0]).toBe(502);
    lab.upstream.script(tenant.scripted("one"), [sound()]);
    await eventually(async () => expect(await answeredBy(tenant)).toBe("one"));
  });
});

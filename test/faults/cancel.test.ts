import type { TraceRecord } from "@millrace/core/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Answer } from "../fakes/upstream.ts";
import { eventually } from "../support/eventually.ts";
import { type Lab, type LabTenant, MODEL, startLab } from "./lab.ts";
import type { FaultTarget, Scenario } from "./scenario.ts";
import { failure, opening, sound, stream } from "./wire.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab?.close());

const never = new Promise<void>(() => undefined);
const silent: readonly Answer[] = [{ silent: true }];

/** A request whose caller can leave. */
interface Left {
  readonly tenant: LabTenant;
  readonly answered: Promise<Response>;
  /** Waits until so many requests have reached a target. */
  reached(target: string, count: number): Promise<void>;
  leave(): void;
  /** The trace of the exchange, once there is one. */
  trace(): Promise<TraceRecord>;
}

async function call(targets: readonly FaultTarget[], asked: Pick<Scenario, "stream" | "resilience">): Promise<Left> {
  const { resilience } = asked;
  const tenant = await lab.admit(
    { targets: () => targets, ...(resilience === undefined ? {} : { resilience }) },
    { firstText: never },
  );
  const controller = new AbortController();
  const answered = lab.gateway.post(
    "/v1/chat/completions",
    { ...tenant, signal: controller.signal },
    { model: MODEL, messages: [{ role: "user", content: "hi" }], stream: asked.stream },
  );
  answered.catch(() => undefined);
  return {
    tenant,
    answered,
    reached: (target, count) =>
      eventually(() => expect(lab.upstream.requestsOf(tenant.scripted(target))).toHaveLength(count)),
    leave: () => controller.abort(),
    async trace() {
      let found: TraceRecord | undefined;
      await eventually(async () => {
        const { traces } = await lab.gateway.state();
        found = traces.find(({ record }) => record.environment_id === tenant.environmentId)?.record;
        expect(found).toBeDefined();
      });
      if (found === undefined) throw new Error("no trace");
      return found;
    },
  };
}

const attemptsOf = (record: TraceRecord) =>
  record.spans.filter((span) => span.name === "attempt").map(({ attributes }) => attributes);

describe("a caller who leaves", () => {
  it.each([true, false])(
    "during prefill ends the work upstream (stream: %s), and pays for the prompt",
    async (isStream) => {
      const left = await call([{ name: "one", answers: silent }], { stream: isStream });
      await left.reached("one", 1);
      left.leave();
      await lab.upstream.requestsOf(left.tenant.scripted("one"))[0]?.aborted;
      const record = await left.trace();
      expect(record).toMatchObject({ status: "cancelled", error_code: "client-closed" });
      expect(attemptsOf(record)).toMatchObject([
        { outcome: "cancelled", usage: { source: "estimated", output_tokens: 0 } },
      ]);
    },
  );

  it("in mid-answer ends the work upstream, and pays for what came", async () => {
    const left = await call([{ name: "one", answers: [stream([...opening(3), { hang: true }])] }], { stream: true });
    const reader = (await left.answered).body?.getReader();
    await reader?.read();
    left.leave();
    await lab.upstream.requestsOf(left.tenant.scripted("one"))[0]?.aborted;
    const record = await left.trace();
    expect(record.status).toBe("cancelled");
    const [attempt] = attemptsOf(record);
    expect(attempt).toMatchObject({ outcome: "cancelled", usage: { source: "estimated" } });
    expect(attempt?.["received_chars"]).toBeGreaterThan(0);
  });

  it("during the pause before a retry is not called for again", async () => {
    const left = await call([{ name: "one", answers: [failure(429, {}, { "retry-after": "9" }), sound()] }], {
      stream: true,
    });
    await left.reached("one", 1);
    left.leave();
    const record = await left.trace();
    expect(record.status).toBe("cancelled");
    expect(attemptsOf(record)).toMatchObject([{ outcome: "failed", usage: null }]);
    await left.reached("one", 1);
  });

  it("during a race ends both calls", async () => {
    const left = await call(
      [
        { name: "one", answers: silent },
        { name: "two", answers: silent },
      ],
      { stream: true, resilience: { hedge: { after_ms: 20 } } },
    );
    await left.reached("two", 1);
    left.leave();
    for (const name of ["one", "two"]) await lab.upstream.requestsOf(left.tenant.scripted(name))[0]?.aborted;
    expect(attemptsOf(await left.trace()).map(({ outcome }) => outcome)).toEqual(["cancelled", "cancelled"]);
  });

  it("while a stream is being resumed ends the second call", async () => {
    const left = await call(
      [
        { name: "one", answers: [stream([...opening(2), { cut: true }])] },
        { name: "two", answers: silent },
      ],
      { stream: true },
    );
    (await left.answered).body
      ?.getReader()
      .read()
      .catch(() => undefined);
    await left.reached("two", 1);
    left.leave();
    await lab.upstream.requestsOf(left.tenant.scripted("two"))[0]?.aborted;
    expect(attemptsOf(await left.trace()).map(({ kind, outcome }) => [kind, outcome])).toEqual([
      ["first", "failed"],
      ["resume", "cancelled"],
    ]);
  });
});

describe("a deadline", () => {
  it("is shared by all attempts", async () => {
    const left = await call(
      [
        { name: "one", answers: silent },
        { name: "two", answers: silent },
      ],
      { stream: false, resilience: { deadline_ms: 400 } },
    );
    const response = await left.answered;
    expect(response.status).toBe(504);
    expect(attemptsOf(await left.trace())).toHaveLength(1);
  });
});

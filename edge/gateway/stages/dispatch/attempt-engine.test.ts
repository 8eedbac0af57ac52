import { defaultResilience, providerSchema } from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import { AttemptLog } from "../../exchange/attempt-log.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import type { Resolution } from "../../exchange/resolution.ts";
import type { PlannedTarget } from "../../exchange/target.ts";
import { Timeline } from "../../exchange/timeline.ts";
import type { Admittance, HealthView } from "../../health/health-view.ts";
import { AttemptEngine } from "./attempt-engine.ts";

const targetOf = (name: string): PlannedTarget => ({
  provider: providerSchema.parse({ name, kind: "openai-compatible", base_url: `https://${name}.example.com/v1` }),
  model: "m",
  tier: "cloud",
  capabilities: new Set(),
  contextTokens: undefined,
  expectedCostUsdMicros: undefined,
});
const callFor = (target: PlannedTarget): ModelCall => ({
  surface: "chat",
  target,
  fields: { model: "m", messages: [] },
  text: "{}",
  stream: false,
  wantsUsage: false,
  choices: 1,
});
const answer = { choices: [{ index: 0, message: { role: "assistant", content: "Hi" }, finish_reason: "stop" }] };

/** A race of `slow` with a hedge at `other`, whose place is granted when the test says so. */
function race() {
  const [slow, other] = [targetOf("slow"), targetOf("other")];
  const [answered, granted, asked] = [
    Promise.withResolvers<Response>(),
    Promise.withResolvers<Admittance>(),
    Promise.withResolvers<void>(),
  ];
  const called: string[] = [];
  const released: string[] = [];
  const placeAt = (name: string): Admittance => ({
    ok: true,
    secretName: undefined,
    isProbe: false,
    release: ({ kind }) => void released.push(`${name} ${kind}`),
  });
  const ask = (): Promise<Admittance> => {
    asked.resolve();
    return granted.promise;
  };
  const health: Partial<HealthView> = {
    admit: ({ provider }) =>
      provider.name === "slow" ? placeAt("slow") : { ok: false, reason: "at-capacity", retryAfterMs: 1, ask },
    observeFirstToken: () => undefined,
  };
  const timers: (() => void)[] = [];
  const resolution: Partial<Resolution> = {
    candidates: [slow, other],
    resilience: { ...defaultResilience, hedge: { after_ms: 1 } },
    stream: false,
    inputTokens: 1,
    callFor,
  };
  const engine = new AttemptEngine(resolution as Resolution, {
    nowMs: () => 0,
    setTimer: (work, delayMs) => (delayMs === 1 ? timers.push(work) : undefined),
    clearTimer: () => undefined,
    fetch: (async (input: RequestInfo | URL) => {
      called.push(new URL(input instanceof Request ? input.url : input).hostname);
      return answered.promise;
    }) as typeof fetch,
    allowedPrivateHosts: [],
    secret: () => undefined,
    callerLeft: new AbortController().signal,
    attempts: new AttemptLog(new Timeline({ nowMs: () => 0 })),
    health: health as HealthView,
    chance: () => 0,
    mayCall: async () => true,
  });
  return {
    engine,
    called,
    released,
    asked: asked.promise,
    /** The first call has been slow for long enough. */
    hedge: () => timers.splice(0).forEach((work) => work()),
    answer: () => answered.resolve(Response.json(answer)),
    grant: () => granted.resolve(placeAt("other")),
  };
}

describe("a hedge", () => {
  it("is not sent when the first call has answered while a place was asked for, and gives the place back", async () => {
    const { engine, called, released, asked, hedge, answer: answerFirst, grant } = race();
    const opened = engine.open();
    await new Promise(setImmediate);
    hedge();
    await asked;
    answerFirst();
    await new Promise(setImmediate);
    grant();
    expect((await opened).call.target.provider.name).toBe("slow");
    expect(called).toEqual(["slow.example.com"]);
    expect(released).toContain("other cancelled");
  });

  it("is sent when the place comes while the first call is still slow", async () => {
    const { engine, called, asked, hedge, answer: answerBoth, grant } = race();
    const opened = engine.open();
    await new Promise(setImmediate);
    hedge();
    await asked;
    grant();
    await new Promise(setImmediate);
    expect(called).toEqual(["slow.example.com", "other.example.com"]);
    answerBoth();
    await opened;
  });
});

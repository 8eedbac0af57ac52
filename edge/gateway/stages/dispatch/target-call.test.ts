import { MillraceError, providerSchema } from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import { AttemptLog } from "../../exchange/attempt-log.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import type { PlannedTarget } from "../../exchange/target.ts";
import { Timeline } from "../../exchange/timeline.ts";
import type { HealthView } from "../../health/health-view.ts";
import { TargetCall } from "./target-call.ts";

const GAP_MS = 100;
const target: PlannedTarget = {
  provider: providerSchema.parse({
    name: "p",
    kind: "openai-compatible",
    base_url: "https://models.example.com/v1",
    timeouts: { gap_ms: GAP_MS },
  }),
  model: "m",
  tier: "cloud",
  capabilities: new Set(),
  contextTokens: undefined,
  expectedCostUsdMicros: undefined,
};
const asked: ModelCall = {
  surface: "chat",
  target,
  fields: { model: "m", messages: [] },
  text: "{}",
  stream: true,
  wantsUsage: false,
  choices: 1,
};
const health = { observeFirstToken: () => undefined } as unknown as HealthView;

/** A call whose server sends what the test says, on a clock that the test moves. */
function openCall() {
  let nowMs = 0;
  const timers = new Map<object, { readonly atMs: number; readonly work: () => void }>();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>(undefined, undefined, {
    highWaterMark: 8,
  });
  const writer = writable.getWriter();
  const deps = {
    nowMs: () => nowMs,
    setTimer(work: () => void, delayMs: number) {
      const timer = {};
      timers.set(timer, { atMs: nowMs + delayMs, work });
      return timer;
    },
    clearTimer: (timer: unknown) => void timers.delete(timer as object),
    fetch: (async (_url: unknown, init?: RequestInit) => {
      init?.signal?.addEventListener("abort", () => void writer.abort(init.signal?.reason).catch(() => undefined));
      return new Response(readable, { headers: { "content-type": "text/event-stream" } });
    }) as typeof fetch,
    allowedPrivateHosts: [],
    secret: () => undefined,
    callerLeft: new AbortController().signal,
    attempts: new AttemptLog(new Timeline({ nowMs: () => nowMs })),
    health,
  };
  const admitted = { ok: true, secretName: undefined, isProbe: false, release: () => undefined } as const;
  const place = { target, admitted, kind: "first", remainingMs: undefined, inputTokens: 1 } as const;
  const send = (content: string): void => {
    const chunk = { id: "c", model: "m", choices: [{ index: 0, delta: { content }, finish_reason: null }] };
    writer.write(new TextEncoder().encode(`data: ${JSON.stringify(chunk)}\n\n`)).catch(() => undefined);
  };
  return {
    call: new TargetCall(asked, place, deps),
    attempts: deps.attempts,
    send,
    timers,
    move: (byMs: number): void => {
      nowMs += byMs;
      for (const [timer, { atMs, work }] of timers) {
        if (atMs > nowMs) continue;
        timers.delete(timer);
        work();
      }
    },
  };
}

describe("TargetCall", () => {
  it("gives a server up that falls silent while it is waited for", async () => {
    const { call, send, move } = openCall();
    send("a");
    await call.open();
    const next = call.next();
    move(GAP_MS);
    await expect(next).rejects.toMatchObject({ code: "upstream-timeout" });
  });

  it("does not know what a server did that took the request and said nothing, and estimates what it was sent", async () => {
    const { call, attempts, move } = openCall();
    const opened = call.open();
    move(10 * target.provider.timeouts.total_ms);
    await expect(opened).rejects.toMatchObject({ code: "upstream-timeout" });
    expect(attempts.attempts).toMatchObject([
      { outcome: "failed", usage: undefined, inDoubt: { estimate: { inputTokens: 1, outputTokens: 0 } } },
    ]);
  });

  it("takes a caller who reads slowly for no silence of the server", async () => {
    const { call, send, move } = openCall();
    send("a");
    await call.open();
    send("b");
    move(10 * GAP_MS);
    await expect(call.next()).resolves.toMatchObject([{ events: [{ type: "text", text: "b" }] }]);
    send("c");
    move(10 * GAP_MS);
    await expect(call.next()).resolves.toMatchObject([{ events: [{ type: "text", text: "c" }] }]);
  });

  it("does not wait for ever for the usage of an answer that nobody gets", async () => {
    const { call, send, move } = openCall();
    send("a");
    await call.open();
    send("b");
    const drained = call.drain();
    await expect.poll(() => call.tracker.text).toBe("ab");
    move(GAP_MS);
    await drained;
    call.reject(new MillraceError("content-filtered"));
  });

  it("leaves no timer behind when it is over", async () => {
    const { call, send, timers } = openCall();
    send("a");
    await call.open();
    call.cancel(Object.assign(new Error("left"), { code: "client-closed" }) as never);
    call.reads();
    expect(timers.size).toBe(0);
  });
});

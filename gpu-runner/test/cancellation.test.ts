import { afterEach, describe, expect, it } from "vitest";
import { answerOf, errorOf, readEvents, startTestRunner, until, type TestRunner } from "./start-test-runner.ts";

let runner: TestRunner | undefined;
afterEach(async () => {
  await runner?.stop();
  runner = undefined;
});

const CONTEXT = 8192;
const long = { temperature: 0, max_tokens: CONTEXT, stream: true };
const start = async (environment: Record<string, string> = {}) => {
  runner = await startTestRunner(
    { MILLRACE_RUNNER_SEQUENCES: "1", MILLRACE_RUNNER_CONTEXT: String(CONTEXT), ...environment },
    { contextLength: CONTEXT },
  );
  return runner;
};
const active = (of: TestRunner) => of.metric("millrace_runner_active_sequences");
const idle = (of: TestRunner) => until("the sequence is free", async () => (await active(of)) === 0);

describe("a caller that leaves", () => {
  it("in mid-stream frees the sequence long before the answer's end", async () => {
    const of = await start();
    const controller = new AbortController();
    const response = await of.chat(long, { signal: controller.signal });
    const reader = response.body?.getReader();
    for (let events = 0; events < 3; events++) await reader?.read();
    controller.abort();
    await idle(of);
    expect(await of.metric("millrace_runner_generated_tokens_total")).toBeLessThan(CONTEXT / 2);
    expect((await answerOf(await of.chat({ max_tokens: 3 }))).usage.completion_tokens).toBe(3);
  }, 60_000);

  it("in mid-answer without a stream frees it as well", async () => {
    const of = await start();
    const controller = new AbortController();
    const answer = of.chat({ ...long, stream: false }, { signal: controller.signal }).catch((error: unknown) => error);
    await until("it decodes", async () => (await active(of)) === 1);
    controller.abort();
    await answer;
    await idle(of);
    expect(await of.metric("millrace_runner_generated_tokens_total")).toBeLessThan(CONTEXT / 2);
  }, 60_000);

  it("during prefill ends the prefill: no token is generated", async () => {
    const of = await start({ MILLRACE_RUNNER_BATCH: "16" });
    const controller = new AbortController();
    const messages = [{ role: "user", content: "zq".repeat(CONTEXT / 2 - 100) }];
    const response = await of.chat({ messages, temperature: 0, stream: true }, { signal: controller.signal });
    expect(response.status).toBe(200);
    controller.abort();
    await idle(of);
    expect(await of.metric("millrace_runner_generated_tokens_total")).toBe(0);
    expect((await answerOf(await of.chat({ max_tokens: 2 }))).usage.completion_tokens).toBe(2);
  }, 60_000);

  it("in the queue loses its place without touching the engine", async () => {
    const of = await start();
    const first = new AbortController();
    const second = new AbortController();
    await of.chat(long, { signal: first.signal });
    const waiting = of.chat({ max_tokens: 2 }, { signal: second.signal }).catch((error: unknown) => error);
    await until("it waits", async () => (await of.metric("millrace_runner_queue_depth")) === 1);
    second.abort();
    await waiting;
    await until("the queue is empty", async () => (await of.metric("millrace_runner_queue_depth")) === 0);
    expect(await active(of)).toBe(1);
    expect(await of.metric("millrace_runner_prompt_tokens_total")).toBe(5);
    first.abort();
    await idle(of);
  }, 60_000);
});

describe("a full runner", () => {
  it("answers 429 with retry-after once the queue is full, and serves those who wait in their order", async () => {
    const of = await start({ MILLRACE_RUNNER_QUEUE: "2" });
    const first = new AbortController();
    await of.chat(long, { signal: first.signal });
    const done: number[] = [];
    const wait = async (name: number) => {
      const answer = await answerOf(await of.chat({ max_tokens: 3 }));
      done.push(name);
      return answer;
    };
    const waiting = [wait(1)];
    await until("one waits", async () => (await of.metric("millrace_runner_queue_depth")) === 1);
    waiting.push(wait(2));
    await until("two wait", async () => (await of.metric("millrace_runner_queue_depth")) === 2);
    const refused = await of.chat({ max_tokens: 3 });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(await errorOf(refused)).toMatchObject({ status: 429, code: "overloaded" });
    first.abort();
    await Promise.all(waiting);
    expect(done).toEqual([1, 2]);
  }, 60_000);
});

describe("bounds in time", () => {
  it("a request past its deadline ends with an error in its stream, never with [DONE]", async () => {
    const of = await start({ MILLRACE_RUNNER_DEADLINE_MS: "150" });
    const { chunks, done } = await readEvents(await of.chat(long));
    expect(chunks.at(-1)?.error?.code).toBe("upstream-timeout");
    expect(done).toBe(false);
    await idle(of);
  }, 60_000);

  it("a shutdown waits within its bound and then tells the open stream", async () => {
    const of = await start({ MILLRACE_RUNNER_DRAIN_MS: "50" });
    const response = await of.chat(long);
    const [{ chunks, done }] = await Promise.all([readEvents(response), of.stop()]);
    runner = undefined;
    expect(chunks.at(-1)?.error?.code).toBe("engine-failed");
    expect(done).toBe(false);
  }, 60_000);
});

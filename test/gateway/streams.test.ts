import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sse, type Step } from "../fakes/upstream.ts";
import { type OneModelGateway, startOneModelGateway } from "../support/one-model-gateway.ts";

let at: OneModelGateway;
beforeAll(async () => {
  at = await startOneModelGateway();
});
afterAll(() => at?.close());

const decoder = new TextDecoder();
const chunk = (content: string, finish: string | null = null): object => ({
  id: "c",
  object: "chat.completion.chunk",
  created: 1,
  model: "m",
  choices: [{ index: 0, delta: { content }, finish_reason: finish }],
});
const ask = { model: "small", stream: true, messages: [{ role: "user", content: "hi" }] };

async function readerOf(): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const response = await at.gateway.post("/v1/chat/completions", at.tenant, ask);
  if (response.body === null) throw new Error("no body");
  return response.body.getReader();
}

describe("a stream of events", () => {
  it("is passed on event by event when each waits for the last one to arrive", async () => {
    const arrived = Array.from({ length: 6 }, () => Promise.withResolvers<void>());
    const steps = arrived.flatMap(({ promise }, index): Step[] => [
      ...(sse([chunk(`word ${index}`)]).steps ?? []),
      { until: promise },
    ]);
    at.upstream.answer({ ...sse([]), steps: [...steps, ...(sse([chunk("", "stop"), "[DONE]"]).steps ?? [])] });
    const reader = await readerOf();
    for (const [index, { resolve }] of arrived.entries()) {
      expect(decoder.decode((await reader.read()).value)).toContain(`word ${index}`);
      resolve();
    }
    while (!(await reader.read()).done);
  });

  it("arrives whole and in order when it comes in a burst", async () => {
    const words = Array.from({ length: 2000 }, (_, index) => `word ${index};`);
    at.upstream.answer(sse([...words.map((word) => chunk(word)), chunk("", "stop"), "[DONE]"]));
    const response = await at.gateway.post("/v1/chat/completions", at.tenant, ask);
    const said = [...(await response.text()).matchAll(/"content":"([^"]*)"/g)].map((match) => match[1]);
    expect(said.join("")).toBe(words.join(""));
  });

  it("that breaks off within a burst brings all that came before, and then says so", async () => {
    const words = Array.from({ length: 500 }, (_, index) => `word ${index};`);
    const { steps = [], ...head } = sse(words.map((word) => chunk(word)));
    at.upstream.answer({ ...head, steps: [...steps, { fin: true }] });
    const response = await at.gateway.post("/v1/chat/completions", at.tenant, ask);
    const text = await response.text();
    expect([...text.matchAll(/"content":"([^"]*)"/g)].map((match) => match[1]).join("")).toBe(words.join(""));
    expect(text).toContain("upstream-truncated");
    expect(text).not.toContain("[DONE]");
  });

  it("that its caller does not read holds its server back", async () => {
    // Several times what the kernel keeps for the sockets on the way (33 MB each for a receiver that does not read, where it is allowed most).
    const limit = 8000;
    const [event] = sse([chunk("x".repeat(64 * 1024))]).steps ?? [];
    if (event === undefined) throw new Error("no event");
    let sent = 0;
    let held = false;
    const steps = function* (): Generator<Step> {
      for (; sent < limit && !held; sent++) yield event;
      yield* sse([chunk("", "stop"), "[DONE]"]).steps ?? [];
    };
    at.upstream.answer({ ...sse([]), steps: steps() });
    const reader = await readerOf();
    // What waits has no certain size: what counts is that it comes to rest.
    for (let [before, rests] = [-1, 0]; rests < 5; before = sent) {
      await new Promise((resolve) => {
        setTimeout(resolve, 200);
      });
      rests = before === sent ? rests + 1 : 0;
    }
    expect(sent).toBeLessThan(limit);
    held = true;
    let bytes = 0;
    for (let next = await reader.read(); !next.done; next = await reader.read()) bytes += next.value.byteLength;
    expect(bytes).toBeGreaterThan(sent * 64 * 1024);
  }, 60_000);
});

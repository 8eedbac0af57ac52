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

  it("that its caller does not read holds its server back", async () => {
    // Twice what the buffers of all sockets on the way hold.
    const events = 1600;
    let sent = 0;
    const [event] = sse([chunk("x".repeat(64 * 1024))]).steps ?? [];
    const counted: Step = {
      until: () => {
        sent++;
        return Promise.resolve();
      },
    };
    const steps = Array.from({ length: events }, () => [event ?? counted, counted]).flat();
    at.upstream.answer({ ...sse([]), steps: [...steps, ...(sse([chunk("", "stop"), "[DONE]"]).steps ?? [])] });
    const reader = await readerOf();
    // Sockets hold some megabytes by themselves: what counts is that it comes to rest.
    for (let before = -1; before !== sent;) {
      before = sent;
      await new Promise((resolve) => {
        setTimeout(resolve, 200);
      });
    }
    expect(sent).toBeLessThan(events / 2);
    let bytes = 0;
    for (let next = await reader.read(); !next.done; next = await reader.read()) bytes += next.value.byteLength;
    expect(sent).toBe(events);
    expect(bytes).toBeGreaterThan(events * 64 * 1024);
  });
});

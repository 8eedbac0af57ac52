import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sse, startUpstream, type Step, type Upstream } from "../fakes/upstream.ts";
import { type GatewayUnderTest, newTenant, startGateway, type Tenant } from "../support/gateway.ts";

let upstream: Upstream;
let gateway: GatewayUnderTest;
let tenant: Tenant;

beforeAll(async () => {
  upstream = await startUpstream();
  gateway = await startGateway({ ALLOWED_PRIVATE_HOSTS: new URL(upstream.origin).host });
  const timeouts = { headers_ms: 5000, first_token_ms: 5000, gap_ms: 5000, total_ms: 20_000 };
  tenant = newTenant({
    models: { m: { name: "m", route: { kind: "target", provider: "p", model: "m" }, surfaces: ["chat"] } },
    providers: { p: { name: "p", kind: "openai-compatible", base_url: `${upstream.origin}/v1`, timeouts } },
  });
  await gateway.publish(tenant);
});
afterAll(async () => {
  await gateway?.close();
  await upstream?.close();
});

const decoder = new TextDecoder();
const chunk = (content: string, finish: string | null = null): object => ({
  id: "c",
  object: "chat.completion.chunk",
  created: 1,
  model: "m",
  choices: [{ index: 0, delta: { content }, finish_reason: finish }],
});
const ask = { model: "m", stream: true, messages: [{ role: "user", content: "hi" }] };

async function readerOf(): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const response = await gateway.post("/v1/chat/completions", tenant, ask);
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
    upstream.answer({ ...sse([]), steps: [...steps, ...(sse([chunk("", "stop"), "[DONE]"]).steps ?? [])] });
    const reader = await readerOf();
    for (const [index, { resolve }] of arrived.entries()) {
      expect(decoder.decode((await reader.read()).value)).toContain(`word ${index}`);
      resolve();
    }
    while (!(await reader.read()).done);
  });

  it("arrives whole and in order when it comes in a burst", async () => {
    const words = Array.from({ length: 2000 }, (_, index) => `word ${index};`);
    upstream.answer(sse([...words.map((word) => chunk(word)), chunk("", "stop"), "[DONE]"]));
    const response = await gateway.post("/v1/chat/completions", tenant, ask);
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
    upstream.answer({ ...sse([]), steps: [...steps, ...(sse([chunk("", "stop"), "[DONE]"]).steps ?? [])] });
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

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Script } from "../fakes/upstream.ts";
import { eventually } from "../support/eventually.ts";
import { type OneModelGateway, startOneModelGateway } from "../support/one-model-gateway.ts";

let at: OneModelGateway;
beforeAll(async () => {
  // Far longer than a test may take: only the caller's leaving can end these calls.
  const endless = { headers_ms: 600_000, first_token_ms: 600_000, gap_ms: 600_000, total_ms: 600_000 };
  at = await startOneModelGateway(endless);
});
afterAll(() => at?.close());

const silences: readonly (readonly [string, (type: string) => Script])[] = [
  ["before its headers", () => ({ silent: true })],
  ["before its first token", (type) => ({ headers: { "content-type": type }, steps: [{ hang: true }] })],
];

describe.each(silences)("a caller who leaves while the model is silent %s", (_when, script) => {
  it.each([true, false])("ends the call upstream and is recorded (stream: %s)", async (stream) => {
    at.upstream.answer(script(stream ? "text/event-stream" : "application/json"));
    const before = at.upstream.requests.length;
    const leaving = new AbortController();
    const body = { model: "small", stream, messages: [{ role: "user", content: "hi" }] };
    const call = at.gateway.post("/v1/chat/completions", { ...at.tenant, signal: leaving.signal }, body);
    const left = expect(call).rejects.toThrow();
    await eventually(async () => expect(at.upstream.requests.length).toBe(before + 1));
    leaving.abort();
    await left;
    await at.upstream.requests.at(-1)?.aborted;
    await eventually(async () =>
      expect((await at.gateway.state()).traces.at(-1)?.record).toMatchObject({
        status: "cancelled",
        http_status: 499,
        error_code: "client-closed",
      }),
    );
  });
});

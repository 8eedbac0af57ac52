import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newTenant, startGateway } from "../support/gateway.ts";
import OpenAI, { toFile } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readOpenAiSchemas } from "../conformance/openai-schemas.ts";
import { gate, json, type SeenRequest } from "../fakes/upstream.ts";
import { eventually } from "../support/eventually.ts";
import {
  type Batch,
  type BatchResult,
  beginBatch,
  chatLine,
  completionOf,
  resultsOf,
  untilBatch,
  usage,
} from "./batch-requests.ts";
import { catalogOf, type MediaFixture, startMedia } from "./fixture.ts";

let at: MediaFixture;
const schemas = readOpenAiSchemas();
/** How long the gateway under test may go by a bundle that was replaced. */
const STALE_MS = 150;

beforeAll(async () => {
  at = await startMedia();
});
afterAll(async () => at?.close());

const completion = (content: string): object => completionOf("upstream-2026", content);
const wordOf = ({ json: body }: SeenRequest): string =>
  (body as { messages?: { content: string }[] }).messages?.[0]?.content ?? "";
const echo = (request: SeenRequest) => json(completion(`re: ${wordOf(request)}`));
const line = (id: string, content: string, more: object = {}): string =>
  chatLine(id, content, { model: "all", ...more });
const begin = (lines: readonly string[], client = at.client, endpoint?: string): Promise<Batch> =>
  beginBatch(lines, client, { metadata: { job: "night" }, ...(endpoint === undefined ? {} : { endpoint }) });
const until = (batch: Batch, status: Batch["status"], client = at.client): Promise<Batch> =>
  untilBatch(batch, status, client);
const results = (id: string | null | undefined, client = at.client): Promise<BatchResult[]> => resultsOf(id, client);

describe("a batch", () => {
  it("is really executed: answers and refusals in files of OpenAI's form, each line traced and priced", async () => {
    at.upstream.answer((request) =>
      wordOf(request) === "bad"
        ? json({ error: { message: "no", type: "invalid_request_error" } }, 400)
        : echo(request),
    );
    const begun = await begin([line("a", "one"), line("b", "bad"), "", line("c", "three")]);
    expect(schemas.faults("Batch", begun)).toEqual([]);
    const batch = await until(begun, "completed");
    expect(schemas.faults("Batch", batch)).toEqual([]);
    expect(batch.request_counts).toEqual({ total: 3, completed: 2, failed: 1 });
    expect(batch.metadata).toEqual({ job: "night" });
    const output = await results(batch.output_file_id);
    expect(output.map(({ custom_id }) => custom_id)).toEqual(["a", "c"]);
    expect(output[0]).toMatchObject({
      response: { status_code: 200, body: { choices: [{ message: { content: "re: one" } }], usage } },
      error: null,
    });
    const [refused] = await results(batch.error_file_id);
    expect(refused).toMatchObject({
      custom_id: "b",
      response: { status_code: 400, body: { error: { type: "invalid_request_error" } } },
    });
    const requestId = output[0]?.response?.request_id;
    const trace = (await at.gateway.state()).traces.find(({ record }) => record.id === requestId);
    expect(trace?.record).toMatchObject({
      key_id: "key_1",
      metadata: { batch_id: batch.id, batch_custom_id: "a" },
      cost_usd_micros: 5 + 4,
    });
    expect((await at.client.files.retrieve(batch.output_file_id ?? "")).purpose).toBe("batch_output");
  });

  it("asks again what can be helped by it", async () => {
    let refusals = 2;
    at.upstream.answer((request) =>
      refusals-- > 0 ? json({ error: { message: "busy" } }, 503, { "retry-after": "1" }) : echo(request),
    );
    const batch = await until(await begin([line("a", "again")]), "completed");
    expect(batch.request_counts).toMatchObject({ completed: 1, failed: 0 });
    // And what is over stays over.
    await expect(at.client.batches.cancel(batch.id)).rejects.toMatchObject({ status: 409, code: "already-over" });
    expect((await at.client.batches.retrieve(batch.id)).status).toBe("completed");
  });

  it("takes embeddings, completions and responses as well", async () => {
    at.upstream.answer(({ path }) =>
      path.endsWith("/embeddings")
        ? json({ object: "list", model: "m", data: [{ object: "embedding", index: 0, embedding: [1] }], usage })
        : path.endsWith("/chat/completions")
          ? json(completion("told"))
          : json({
              id: "c",
              object: "text_completion",
              created: 1,
              model: "m",
              choices: [{ index: 0, text: "t", logprobs: null, finish_reason: "stop" }],
              usage,
            }),
    );
    for (const [endpoint, body, object] of [
      ["/v1/embeddings", { model: "all", input: "x" }, "list"],
      ["/v1/completions", { model: "all", prompt: "x" }, "text_completion"],
      ["/v1/responses", { model: "all", input: "x" }, "response"],
    ] as const) {
      const text = JSON.stringify({ custom_id: "1", method: "POST", url: endpoint, body });
      const batch = await until(await begin([text], at.client, endpoint), "completed");
      const [result] = await results(batch.output_file_id);
      expect(result?.response?.body["object"]).toBe(object);
    }
  });

  it("that is wrong is refused before anything is asked, with the numbers of its lines", async () => {
    const before = at.upstream.requests.length;
    const begun = await begin([
      line("a", "x"),
      "{ no json",
      line("a", "y"),
      line("c", "z", { stream: true }),
      JSON.stringify({ custom_id: "d", method: "GET", url: "/v1/chat/completions", body: {} }),
      JSON.stringify({ custom_id: "e", method: "POST", url: "/v1/embeddings", body: {} }),
      JSON.stringify({
        custom_id: "f",
        method: "POST",
        url: "/v1/chat/completions",
        body: { model: "all", messages: 3 },
      }),
    ]);
    const batch = await until(begun, "failed");
    expect(schemas.faults("Batch", batch)).toEqual([]);
    expect(batch.errors?.data?.map(({ line: number, code, param }) => [number, code, param])).toEqual([
      [2, "invalid_json_line", null],
      [3, "duplicate_custom_id", "custom_id"],
      [4, "invalid_request", "body.stream"],
      [5, "invalid_method", "method"],
      [6, "invalid_url", "url"],
      [7, "invalid_request", "body.messages"],
    ]);
    expect(at.upstream.requests.length).toBe(before);
  });

  it("needs a file of its own purpose, and takes no field that it does not know", async () => {
    const file = await at.client.files.create({ file: await toFile(Buffer.from("x"), "f"), purpose: "user_data" });
    const ask = { input_file_id: file.id, endpoint: "/v1/chat/completions", completion_window: "24h" } as const;
    await expect(at.client.batches.create(ask)).rejects.toMatchObject({ status: 400, param: "input_file_id" });
    const odd = await at.gateway.post("/v1/batches", at.tenant, { ...ask, completion_window: "1h" });
    expect(odd.status).toBe(400);
    await expect(at.client.batches.retrieve(`batch_${"0".repeat(32)}`)).rejects.toMatchObject({ status: 404 });
  });

  it("that is cancelled ends what is under way and says of the rest that it was not asked", async () => {
    const hold = gate();
    at.upstream.answer((request) => ({
      ...echo(request),
      steps: [{ until: hold.opened }, ...(echo(request).steps ?? [])],
    }));
    const begun = await begin(Array.from({ length: 20 }, (_, n) => line(`l${n}`, `hold ${n}`)));
    await eventually(async () => {
      if (at.upstream.requests.filter((request) => wordOf(request).startsWith("hold ")).length < 8)
        throw new Error("not yet");
    });
    expect((await at.client.batches.cancel(begun.id)).status).toBe("cancelling");
    hold.open();
    const batch = await until(begun, "cancelled");
    expect(batch.request_counts).toEqual({ total: 20, completed: 8, failed: 12 });
    expect((await results(batch.output_file_id)).length).toBe(8);
    const unasked = await results(batch.error_file_id);
    expect(unasked[0]).toMatchObject({ response: null, error: { code: "batch_cancelled" } });
    await expect(at.client.batches.cancel((await until(begun, "cancelled")).id)).resolves.toMatchObject({
      status: "cancelled",
    });
  });

  it("stops when its key is revoked, and keeps what it has", async () => {
    const own = newTenant(catalogOf(at.upstream.origin));
    const second = newTenant(catalogOf(at.upstream.origin));
    await at.gateway.publish(own);
    const hold = gate();
    at.upstream.answer((request) => ({
      ...echo(request),
      steps: [{ until: hold.opened }, ...(echo(request).steps ?? [])],
    }));
    const client = at.clientOf(own);
    const begun = await begin(
      Array.from({ length: 12 }, (_, n) => line(`r${n}`, `revoked ${n}`)),
      client,
    );
    await eventually(async () => {
      if (at.upstream.requests.filter((request) => wordOf(request).startsWith("revoked ")).length < 8)
        throw new Error("not yet");
    });
    // Its environment lives on under another key, which may look at what became of it.
    const [entry] = Object.values(own.bundle.keys);
    if (entry === undefined) throw new Error("no key");
    const revokedAtMs = Date.now();
    const nextKey = own.key.slice(0, -43) + second.key.slice(-43);
    const hash = createHash("sha256").update(nextKey).digest("hex");
    await at.gateway.publish({ ...own, bundle: { ...own.bundle, keys: { [hash]: { ...entry, id: "key_2" } } } });
    // Until then any isolate may go by what it knew.
    await eventually(() => expect(Date.now()).toBeGreaterThan(revokedAtMs + 2 * STALE_MS));
    hold.open();
    const other = at.clientOf({ ...own, key: nextKey });
    const batch = await until(begun, "failed", other);
    expect(batch.errors?.data?.[0]?.code).toBe("invalid-key");
    expect(batch.request_counts).toEqual({ total: 12, completed: 8, failed: 4 });
    expect((await results(batch.error_file_id, other))[0]?.error?.code).toBe("invalid-key");
    expect((await results(batch.output_file_id, other)).length).toBe(8);
  });

  it("belongs to its environment alone, and is listed there newest first", async () => {
    at.upstream.answer(echo);
    const own = newTenant(catalogOf(at.upstream.origin));
    const stranger = newTenant({ ...catalogOf(at.upstream.origin), slug: "other" });
    await at.gateway.publish(own);
    await at.gateway.publish(stranger);
    const client = at.clientOf(own);
    const batches = [await begin([line("a", "x")], client), await begin([line("a", "y")], client)];
    const seen: string[] = [];
    for await (const batch of client.batches.list({ limit: 1 })) seen.push(batch.id);
    expect(seen).toEqual(batches.map(({ id }) => id).toReversed());
    const thief = at.clientOf(stranger);
    const id = batches[0]?.id ?? "";
    await expect(thief.batches.retrieve(id)).rejects.toMatchObject({ status: 404 });
    await expect(thief.batches.cancel(id)).rejects.toMatchObject({ status: 404 });
    expect((await thief.batches.list()).data).toEqual([]);
    const first = await until(batches[0] as Batch, "completed", client);
    await expect(thief.files.content(first.output_file_id ?? "")).rejects.toMatchObject({ status: 404 });
    const listed = await fetch(`${at.gateway.url}/v1/batches`, { headers: { authorization: `Bearer ${own.key}` } });
    expect(schemas.faults("ListBatchesResponse", await listed.json())).toEqual([]);
  });
});

describe("a restart in mid-batch", () => {
  it("repeats no finished line and loses none", async () => {
    const dir = mkdtempSync(join(tmpdir(), "millrace-batch-"));
    const first = await startMedia({ dir });
    const hold = gate();
    const word = (n: number): string => `restart ${n}`;
    first.upstream.answer((request) =>
      wordOf(request).endsWith(" 9") ? { ...echo(request), steps: [{ until: hold.opened }] } : echo(request),
    );
    const begun = await begin(
      Array.from({ length: 30 }, (_, n) => line(`l${n}`, word(n))),
      first.client,
    );
    await eventually(async () => {
      const { request_counts: counts } = await first.client.batches.retrieve(begun.id);
      if ((counts?.completed ?? 0) < 10) throw new Error("not yet");
    });
    await first.gateway.close();
    const finished = first.upstream.requests.map(wordOf);
    hold.open();
    const again = await startGateway(
      { ALLOWED_PRIVATE_HOSTS: new URL(first.upstream.origin).host, SECRET_ACME_API_KEY: "sk-live-0123456789abcdef" },
      { dir },
    );
    try {
      await again.publish(first.tenant);
      first.upstream.answer(echo);
      const client = new OpenAI({ apiKey: first.tenant.key, baseURL: `${again.url}/v1`, maxRetries: 0 });
      const batch = await until(begun, "completed", client);
      expect(batch.request_counts).toEqual({ total: 30, completed: 30, failed: 0 });
      const output = await results(batch.output_file_id, client);
      expect(output.map(({ custom_id }) => custom_id)).toEqual(Array.from({ length: 30 }, (_, n) => `l${n}`));
      const times = (n: number): number =>
        first.upstream.requests.filter((request) => wordOf(request) === word(n)).length;
      // Only what was under way when the process died was asked a second time.
      const twice = Array.from({ length: 30 }, (_, n) => n).filter((n) => times(n) > 1);
      expect(twice).toContain(9);
      expect(twice.length).toBeLessThanOrEqual(8);
      expect(finished.length).toBeGreaterThanOrEqual(10);
    } finally {
      await again.close();
      await first.upstream.close();
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

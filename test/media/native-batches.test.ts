import { budgetSchema } from "@millrace/core/contract";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { json, type Script, type SeenRequest } from "../fakes/upstream.ts";
import { eventually } from "../support/eventually.ts";
import { newTenant } from "../support/gateway.ts";
import {
  type Batch,
  type BatchResult,
  beginBatch,
  chatLine,
  completionOf,
  resultsOf,
  untilBatch,
} from "./batch-requests.ts";
import { catalogOf, type MediaFixture, startMedia } from "./fixture.ts";

let at: MediaFixture;

beforeAll(async () => {
  at = await startMedia();
});
afterAll(async () => at?.close());

const completion = (content: string): object => completionOf("gpt-4o-mini-2026", content);
const line = (id: string, content: string): string => chatLine(id, content, { model: "native" });
const begin = (lines: readonly string[], client = at.client): Promise<Batch> => beginBatch(lines, client);
const until = (batch: Batch, status: Batch["status"], client = at.client): Promise<Batch> =>
  untilBatch(batch, status, client);
const results = (id: string | undefined, client = at.client): Promise<BatchResult[]> => resultsOf(id, client);

/** OpenAI's files and batches, as far as a caller of them sees: what was uploaded, and what the test says came of it. */
class Service {
  uploaded = "";
  polls = 0;
  cancelled = false;
  removed: string[] = [];
  status = "completed";
  outcome: (n: string, body: Record<string, unknown>) => object | undefined = () => undefined;

  answer(request: SeenRequest): Script {
    const { path, text } = request;
    const batch = (status: string) => ({ id: "batch_up", object: "batch", status, input_file_id: "file-in" });
    if (path === "/v1/files") {
      this.uploaded = text;
      return json({ id: "file-in" });
    }
    if (path === "/v1/batches") return json(batch("validating"));
    if (path === "/v1/batches/batch_up/cancel") {
      this.cancelled = true;
      return json(batch("cancelling"));
    }
    if (path === "/v1/batches/batch_up") {
      this.polls += 1;
      if (this.polls < 2 || (this.status === "cancelled" && !this.cancelled)) return json(batch("in_progress"));
      return json({ ...batch(this.status), output_file_id: "file-out" });
    }
    if (path === "/v1/files/file-out/content") return { steps: [{ write: this.results() }] };
    if (path.startsWith("/v1/files/")) {
      this.removed.push(path.slice("/v1/files/".length));
      return json({ deleted: true });
    }
    return path === "/v1/chat/completions" ? json(completion("asked by itself")) : json({}, 404);
  }

  lines(): { custom_id: string; url: string; body: Record<string, unknown> }[] {
    const file = this.uploaded.split("\r\n\r\n")[2]?.split("\r\n--")[0] ?? "";
    return file
      .trimEnd()
      .split("\n")
      .map((each) => JSON.parse(each) as { custom_id: string; url: string; body: Record<string, unknown> });
  }

  /** In another order than they were asked. */
  results(): string {
    return this.lines()
      .toReversed()
      .flatMap(({ custom_id, body }) => {
        const response = this.outcome(custom_id, body);
        return response === undefined
          ? []
          : [`${JSON.stringify({ id: `r${custom_id}`, custom_id, response, error: null })}\n`];
      })
      .join("");
  }
}

let service: Service;
beforeEach(() => {
  service = new Service();
  service.outcome = (n) => ({ status_code: 200, request_id: `req_${n}`, body: completion(`told ${n}`) });
  at.upstream.answer((request) => service.answer(request));
});
const asked = (): number => at.upstream.requests.filter(({ path }) => path === "/v1/chat/completions").length;

describe("a batch of one model at a provider with batches of its own", () => {
  it("is handed over as one file, and its results come back under the caller's names at the batch price", async () => {
    const before = asked();
    const batch = await until(await begin([line("a", "one"), line("b", "two")]), "completed");
    expect(asked()).toBe(before);
    expect(service.uploaded).toContain('name="purpose"\r\n\r\nbatch');
    expect(service.lines().map(({ body, url }) => [url, body["model"]])).toEqual([
      ["/v1/chat/completions", "gpt-4o-mini"],
      ["/v1/chat/completions", "gpt-4o-mini"],
    ]);
    expect(batch.request_counts).toEqual({ total: 2, completed: 2, failed: 0 });
    const output = await results(batch.output_file_id);
    expect(output.map(({ custom_id, response }) => [custom_id, response?.status_code])).toEqual([
      ["a", 200],
      ["b", 200],
    ]);
    const { traces } = await at.gateway.state();
    const trace = traces.find(({ record }) => record.id === output[0]?.response?.request_id);
    expect(trace?.record).toMatchObject({
      provider: "openai",
      surface: "chat",
      status: "ok",
      metadata: { batch_id: batch.id, batch_custom_id: "a" },
      usage: { input_tokens: 5, output_tokens: 2, source: "provider" },
      // Half of 5 × 2 + 2 × 4.
      cost_usd_micros: 9,
    });
    expect(service.removed.toSorted()).toEqual(["file-in", "file-out"]);
  });

  it("asks by themselves the lines that came back empty or in trouble, at the ordinary price", async () => {
    service.outcome = (n) =>
      n === "0"
        ? { status_code: 500, request_id: "r", body: { error: {} } }
        : n === "1"
          ? undefined
          : { status_code: 400, request_id: "r", body: { error: { message: "no" } } };
    const batch = await until(await begin([line("a", "1"), line("b", "2"), line("c", "3")]), "completed");
    expect(batch.request_counts).toEqual({ total: 3, completed: 2, failed: 1 });
    const output = await results(batch.output_file_id);
    expect(output.map(({ custom_id }) => custom_id)).toEqual(["a", "b"]);
    const { traces } = await at.gateway.state();
    const trace = traces.find(({ record }) => record.id === output[0]?.response?.request_id);
    expect(trace?.record.cost_usd_micros).toBe(18);
    expect((await results(batch.error_file_id))[0]).toMatchObject({ custom_id: "c", response: { status_code: 400 } });
  });

  it("is asked line by line when the provider refuses it", async () => {
    const own = service;
    at.upstream.answer((request) =>
      request.path === "/v1/files" ? json({ error: { message: "no batches here" } }, 403) : own.answer(request),
    );
    const before = asked();
    const batch = await until(await begin([line("a", "1"), line("b", "2")]), "completed");
    expect(batch.request_counts).toMatchObject({ completed: 2 });
    expect(asked()).toBe(before + 2);
  });

  it("is handed over once, although the answer to that was lost", async () => {
    let creations = 0;
    at.upstream.answer((request) => {
      if (request.path !== "/v1/batches") {
        if (request.path.startsWith("/v1/batches?"))
          return json({ data: [{ id: "batch_up", status: "validating", input_file_id: "file-in" }] });
        return service.answer(request);
      }
      creations += 1;
      return { steps: [{ cut: true }] };
    });
    const batch = await until(await begin([line("a", "1")]), "completed");
    expect(batch.request_counts).toMatchObject({ completed: 1 });
    expect(creations).toBe(1);
  });

  it("is cancelled there as well, and keeps what was answered", async () => {
    service.status = "cancelled";
    service.outcome = (n) => (n === "0" ? { status_code: 200, request_id: "r", body: completion("told") } : undefined);
    const begun = await begin([line("a", "1"), line("b", "2")]);
    await eventually(() => expect(service.polls).toBeGreaterThan(0));
    await at.client.batches.cancel(begun.id);
    const batch = await until(begun, "cancelled");
    expect(service.cancelled).toBe(true);
    expect(batch.request_counts).toEqual({ total: 2, completed: 1, failed: 1 });
  });
});

describe("a batch is asked line by line", () => {
  it("when its lines name several models", async () => {
    const before = asked();
    const other = line("b", "2").replace('"native"', '"all"');
    const batch = await until(await begin([line("a", "1"), other]), "completed");
    expect(batch.request_counts).toMatchObject({ completed: 2 });
    expect(asked()).toBe(before + 2);
    expect(service.uploaded).toBe("");
  });

  it("when a budget may refuse a line, and refuses the one that it has no room for", async () => {
    const budget = budgetSchema.parse({
      name: "few",
      scope: "project",
      window: { kind: "calendar", unit: "month" },
      limit: { requests: 1 },
    });
    const own = newTenant({ ...catalogOf(at.upstream.origin), budgets: [budget] });
    await at.gateway.publish(own);
    const client = at.clientOf(own);
    const begun = await begin([line("a", "1"), line("b", "2")], client);
    await eventually(async () => {
      const { request_counts: counts } = await client.batches.retrieve(begun.id);
      expect(counts?.completed).toBe(1);
    });
    expect(service.uploaded).toBe("");
  });
});

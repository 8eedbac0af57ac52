import { priceSchema, type Provider, type ProviderKind, surfaceSchema } from "@millrace/core/contract";
import type { OpenAI } from "openai";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { gate, json, startUpstream, type Upstream } from "../fakes/upstream.ts";
import { eventually } from "../support/eventually.ts";
import { newTenant, type Tenant } from "../support/gateway.ts";
import { type Batch, type BatchResult, beginBatch, chatLine, resultsOf, untilBatch } from "./batch-requests.ts";
import { AnthropicBatches } from "./batch-services/anthropic-batches.ts";
import type { BatchService } from "./batch-services/batch-service.ts";
import { GeminiBatches } from "./batch-services/gemini-batches.ts";
import { MistralBatches } from "./batch-services/mistral-batches.ts";
import { TogetherBatches } from "./batch-services/together-batches.ts";
import { API_KEY, type MediaFixture, startMedia, timeouts } from "./fixture.ts";

/** What 5 tokens in and 2 out cost by themselves, and in a batch. Millionths of a dollar. */
const FULL_COST = 18;
const BATCH_COST = 9;

const weather = {
  type: "function",
  function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
};
const person = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };

let at: MediaFixture;
/** An address of somebody else's, which the gateway could reach. */
let elsewhere: Upstream;
let client: OpenAI;

const kinds = {
  anthropic: { path: "/v1", make: () => new AnthropicBatches() },
  gemini: { path: "/v1beta", make: () => new GeminiBatches(at.upstream.origin) },
  mistral: { path: "/v1", make: () => new MistralBatches() },
  together: { path: "/v1", make: () => new TogetherBatches() },
} as const satisfies Partial<Record<ProviderKind, { readonly path: string; readonly make: () => BatchService }>>;
type Kind = keyof typeof kinds;

/** One provider of each kind, with one model that has the kind's name. */
function tenantOf(origin: string): Tenant {
  const names = Object.keys(kinds) as Kind[];
  const providers = names.map((name): [string, Provider] => [
    name,
    { name, kind: name, base_url: `${origin}${kinds[name].path}`, secret: "API_KEY", timeouts },
  ]);
  const models = names.map((name) => {
    const route = { kind: "target", provider: name, model: kinds[name].make().model } as const;
    return [name, { name, route, surfaces: surfaceSchema.options }] as const;
  });
  const prices = names.map((name) => ({
    origin: "override" as const,
    price: priceSchema.parse({
      scope: { provider: name },
      model: kinds[name].make().model,
      rates: { input: 2_000_000, output: 4_000_000 },
      modes: { batch: { percent: 50 } },
    }),
  }));
  return newTenant({ providers: Object.fromEntries(providers), models: Object.fromEntries(models), prices });
}

beforeAll(async () => {
  elsewhere = await startUpstream();
  at = await startMedia({}, [elsewhere.origin]);
  const tenant = tenantOf(at.upstream.origin);
  await at.gateway.publish(tenant);
  client = at.clientOf(tenant);
});
afterAll(async () => {
  await at?.close();
  await elsewhere?.close();
});
afterEach(() => expect(elsewhere.requests.map(({ path }) => path)).toEqual([]));

/** The service that answers from now on. */
function serve<S extends BatchService>(service: S): S {
  at.upstream.answer((request) => service.answer(request));
  return service;
}

interface Ended {
  readonly counts: Batch["request_counts"];
  /** By the caller's names. */
  readonly output: Readonly<Record<string, BatchResult>>;
  readonly errors: Readonly<Record<string, BatchResult>>;
}

const byName = (results: readonly BatchResult[]): Readonly<Record<string, BatchResult>> =>
  Object.fromEntries(results.map((result) => [result.custom_id, result]));

async function untilEnded(begun: Batch, status: Batch["status"]): Promise<Ended> {
  const batch = await untilBatch(begun, status, client);
  return {
    counts: batch.request_counts,
    output: byName(await resultsOf(batch.output_file_id, client)),
    errors: byName(await resultsOf(batch.error_file_id, client)),
  };
}

const begin = (lines: readonly string[]): Promise<Batch> => beginBatch(lines, client);
const ask = async (lines: readonly string[]): Promise<Ended> => untilEnded(await begin(lines), "completed");
const contentOf = (result: BatchResult | undefined): unknown => choiceOf(result)?.message.content;

function choiceOf(result: BatchResult | undefined): OpenAI.ChatCompletion.Choice | undefined {
  return (result?.response?.body as OpenAI.ChatCompletion | undefined)?.choices[0];
}

async function tracesOf(results: readonly (BatchResult | undefined)[]) {
  const { traces } = await at.gateway.state();
  return results.map((result) => traces.find(({ record }) => record.id === result?.response?.request_id)?.record);
}

async function costsOf(results: readonly (BatchResult | undefined)[]): Promise<unknown[]> {
  return (await tracesOf(results)).map((record) => record?.cost_usd_micros);
}

describe.each([
  { kind: "anthropic", left: ["msgbatch_1"], kept: 1 },
  { kind: "gemini", left: ["batches/1", "files/batch-1", "files/in-1"], kept: 0 },
  { kind: "mistral", left: ["file-in-1", "file-out-1"], kept: 1 },
  { kind: "together", left: ["file-in-1", "file-out-1"], kept: 1 },
] as const)("a batch of one model at $kind", ({ kind, left, kept }) => {
  const line = (id: string): string => chatLine(id, `ask ${id}`, { model: kind });
  let service: BatchService;
  beforeEach(() => {
    service = serve<BatchService>(kinds[kind].make());
  });

  it("is handed over as one, and comes back under the caller's names at half the price, a trace each", async () => {
    const { counts, output } = await ask([line("a"), line("b"), line("c")]);
    expect(service.refusals).toEqual([]);
    expect([service.creations, service.asked]).toEqual([1, 0]);
    expect(counts).toEqual({ total: 3, completed: 3, failed: 0 });
    const results = [output["a"], output["b"], output["c"]];
    expect(results.map((result) => [result?.response?.status_code, contentOf(result)])).toEqual([
      [200, "told 0"],
      [200, "told 1"],
      [200, "told 2"],
    ]);
    expect(output["a"]?.response?.body).toMatchObject({
      object: "chat.completion",
      choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant" } }],
      usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
    });
    for (const [place, record] of (await tracesOf(results)).entries())
      expect(record).toMatchObject({
        provider: kind,
        surface: "chat",
        status: "ok",
        metadata: { batch_custom_id: ["a", "b", "c"][place] },
        usage: { input_tokens: 5, output_tokens: 2, source: "provider" },
        cost_usd_micros: BATCH_COST,
      });
  });

  it("leaves nothing there once its results are fetched", async () => {
    await ask([line("a"), line("b")]);
    expect(service.refusals).toEqual([]);
    expect(service.removed.toSorted()).toEqual(left);
  });

  it("ends a request that time cannot mend in the file of errors, and asks the others by themselves at the full price", async () => {
    const told = [service.fails("max_tokens is too large"), service.overloads(), undefined, service.succeeds("told")];
    service.tell = (place) => told[place];
    const { counts, output, errors } = await ask([line("wrong"), line("full"), line("lost"), line("good")]);
    expect(service.refusals).toEqual([]);
    expect(counts).toEqual({ total: 4, completed: 3, failed: 1 });
    expect(errors["wrong"]?.response).toMatchObject({
      status_code: 400,
      body: { error: { code: "invalid-request", message: "max_tokens is too large", type: "invalid_request_error" } },
    });
    expect(Object.values(output).map(contentOf)).toEqual(["asked by itself", "asked by itself", "told"]);
    expect(service.asked).toBe(2);
    const results = [output["full"], output["lost"], output["good"], errors["wrong"]];
    expect(await costsOf(results.slice(0, 3))).toEqual([FULL_COST, FULL_COST, BATCH_COST]);
    expect((await tracesOf(results))[3]).toMatchObject({ status: "error", error_code: "invalid-request" });
  });

  it("tells nobody our credentials, though answers and errors quote them", async () => {
    const quote = `the key is ${API_KEY}, is it not?`;
    service.tell = (place) => (place === 0 ? service.succeeds(quote) : service.fails(quote));
    const { output, errors } = await ask([line("a"), line("b")]);
    for (const told of [output["a"], errors["b"]].map((result) => JSON.stringify(result))) {
      expect(told).toContain(", is it not?");
      expect(told).not.toContain(API_KEY);
    }
  });

  it("is cancelled there as well", async () => {
    service.stays = true;
    service.tell = (place) => (place === 0 ? service.succeeds("told") : undefined);
    const begun = await begin([line("a"), line("b")]);
    await eventually(() => expect(service.polls).toBeGreaterThan(0));
    await client.batches.cancel(begun.id);
    const { counts, errors } = await untilEnded(begun, "cancelled");
    expect(service.refusals).toEqual([]);
    expect([service.cancelled, service.asked]).toEqual([true, 0]);
    expect(counts).toEqual({ total: 2, completed: kept, failed: 2 - kept });
    expect(errors["b"]?.error?.code).toBe("batch_cancelled");
  });

  it("is made once, although the answer to that was lost", async () => {
    service.creation = "answer-lost";
    const { counts, output } = await ask([line("a"), line("b")]);
    expect(service.refusals).toEqual([]);
    expect([service.creations, service.asked]).toEqual([1, 0]);
    expect(counts).toEqual({ total: 2, completed: 2, failed: 0 });
    expect(await costsOf([output["a"], output["b"]])).toEqual([BATCH_COST, BATCH_COST]);
  });

  it("is made a second time when the first try was not heard", async () => {
    service.creation = "lost";
    const { output } = await ask([line("a")]);
    expect(service.refusals).toEqual([]);
    expect([service.creations, service.asked]).toEqual([1, 0]);
    expect(contentOf(output["a"])).toBe("told 0");
  });

  it("is asked line by line when it is refused there", async () => {
    service.creation = "refused";
    const { output } = await ask([line("a"), line("b")]);
    expect([service.creations, service.asked]).toEqual([0, 2]);
    expect(await costsOf([output["a"], output["b"]])).toEqual([FULL_COST, FULL_COST]);
    // What was uploaded for it does not stay there.
    expect(service.removed).toHaveLength(kind === "anthropic" ? 0 : 1);
  });

  it("is made no more when it was cancelled before anybody knew whether it was", async () => {
    const answer = gate();
    service.hold = answer.opened;
    service.creation = "lost";
    const begun = await begin([line("a")]);
    await eventually(() => expect(service.creation).toBe("answered"));
    await client.batches.cancel(begun.id);
    answer.open();
    expect((await untilEnded(begun, "cancelled")).counts).toEqual({ total: 1, completed: 0, failed: 1 });
    expect([service.refusals, service.creations, service.asked]).toEqual([[], 0, 0]);
  });
});

describe.each(["gemini", "mistral", "together"] as const)("a batch at %s that knows its own", (kind) => {
  it("is cancelled there although the answer to its creation was lost", async () => {
    const service = serve<BatchService>(kinds[kind].make());
    const answer = gate();
    service.stays = true;
    service.hold = answer.opened;
    service.creation = "answer-lost";
    const begun = await begin([chatLine("a", "ask", { model: kind })]);
    await eventually(() => expect(service.creations).toBe(1));
    await client.batches.cancel(begun.id);
    answer.open();
    await untilEnded(begun, "cancelled");
    expect([service.refusals, service.cancelled, service.asked]).toEqual([[], true, 0]);
  });
});

describe("Anthropic's batches", () => {
  let service: AnthropicBatches;
  const line = (id: string, more: object = {}): string => chatLine(id, `ask ${id}`, { model: "anthropic", ...more });
  beforeEach(() => {
    service = serve(kinds.anthropic.make());
  });

  it("answer with calls of the caller's tools, in OpenAI's form", async () => {
    const block = { type: "tool_use", id: "toolu_01A", name: "get_weather", input: { city: "Paris" } };
    service.tell = () => ({ type: "succeeded", message: service.message([block], "tool_use") });
    const { output } = await ask([line("a", { tools: [weather] })]);
    expect(service.params[0]?.["tools"]).toMatchObject([{ name: "get_weather" }]);
    const call = {
      id: "toolu_01A",
      type: "function",
      function: { name: "get_weather", arguments: '{"city":"Paris"}' },
    };
    expect(choiceOf(output["a"])).toMatchObject({ finish_reason: "tool_calls", message: { tool_calls: [call] } });
  });

  it("answer by a schema as text, though a tool of ours carries it", async () => {
    const block = { type: "tool_use", id: "toolu_01A", name: "answer_in_json", input: { name: "Ada" } };
    service.tell = () => ({ type: "succeeded", message: service.message([block], "tool_use") });
    const format = { type: "json_schema", json_schema: { name: "person", schema: person } };
    const { output } = await ask([line("a", { response_format: format })]);
    expect(service.params[0]).toMatchObject({ tool_choice: { name: "answer_in_json" } });
    const choice = choiceOf(output["a"]);
    expect([choice?.finish_reason, choice?.message.content]).toEqual(["stop", '{"name":"Ada"}']);
    expect(choice?.message.tool_calls).toBeUndefined();
  });

  it("ask what expired there by itself", async () => {
    service.tell = (place) => (place === 0 ? { type: "expired" } : service.succeeds("told"));
    const { output } = await ask([line("a"), line("b")]);
    expect([contentOf(output["a"]), contentOf(output["b"])]).toEqual(["asked by itself", "told"]);
    expect(await costsOf([output["a"], output["b"]])).toEqual([FULL_COST, BATCH_COST]);
  });

  it("go line by line where a line asks for betas, which are a header of the whole batch", async () => {
    const betas = { provider_options: { anthropic: { betas: ["context-1m-2025-08-07"] } } };
    const { counts } = await ask([line("a"), line("b", betas)]);
    expect([service.creations, service.asked, counts?.completed]).toEqual([0, 2, 2]);
    const headers = at.upstream.requests.slice(-2).map(({ headers: sent }) => sent["anthropic-beta"]);
    expect(new Set(headers)).toEqual(new Set(["context-1m-2025-08-07", undefined]));
  });

  it("are read at the provider's own address, whatever their `results_url` names", async () => {
    service.resultsOrigin = elsewhere.origin;
    expect(contentOf((await ask([line("a")])).output["a"])).toBe("told 0");
  });

  it("are not deleted when it is a guess that they are ours", async () => {
    service.creation = "answer-lost";
    await ask([line("a"), line("b")]);
    expect([service.refusals, service.removed]).toEqual([[], []]);
  });

  it("are another's when their results say so: every line is asked by itself, and theirs stays", async () => {
    service.creation = "lost";
    service.addForeign(2);
    const { output } = await ask([line("a"), line("b")]);
    expect(service.refusals).toEqual([]);
    expect([service.creations, service.asked]).toEqual([0, 2]);
    expect([service.cancelled, service.removed]).toEqual([false, []]);
    expect(await costsOf([output["a"], output["b"]])).toEqual([FULL_COST, FULL_COST]);
  });

  it("are asked line by line when what was taken for them is gone", async () => {
    service.creation = "lost";
    service.stays = true;
    service.addForeign(2);
    const begun = await begin([line("a"), line("b")]);
    await eventually(() => expect(service.polls).toBeGreaterThan(0));
    service.removeForeign();
    const { output } = await untilEnded(begun, "completed");
    expect([service.creations, service.asked]).toEqual([0, 2]);
    expect(await costsOf([output["a"], output["b"]])).toEqual([FULL_COST, FULL_COST]);
  });

  it("are made later when too many are under way, and taken for nobody else's", async () => {
    service.creation = "too-many";
    service.addForeign(2);
    const { output } = await ask([line("a"), line("b")]);
    expect([service.creations, service.asked]).toEqual([1, 0]);
    expect(await costsOf([output["a"], output["b"]])).toEqual([BATCH_COST, BATCH_COST]);
  });

  it("are not cancelled when they may be another's", async () => {
    service.creation = "lost";
    service.stays = true;
    service.addForeign(1);
    const begun = await begin([line("a")]);
    await eventually(() => expect(service.polls).toBeGreaterThan(0));
    await client.batches.cancel(begun.id);
    service.stays = false;
    expect((await untilEnded(begun, "cancelled")).counts).toEqual({ total: 1, completed: 0, failed: 1 });
    expect([service.refusals, service.cancelled, service.removed, service.asked]).toEqual([[], false, [], 0]);
  });

  it("are made anew beside one of another size", async () => {
    service.creation = "lost";
    service.addForeign(3);
    const { output } = await ask([line("a"), line("b")]);
    expect([service.creations, service.asked]).toEqual([1, 0]);
    expect(await costsOf([output["a"], output["b"]])).toEqual([BATCH_COST, BATCH_COST]);
  });
});

describe("Gemini's batches", () => {
  let service: GeminiBatches;
  const line = (id: string, more: object = {}): string => chatLine(id, `ask ${id}`, { model: "gemini", ...more });
  beforeEach(() => {
    service = serve(kinds.gemini.make());
  });

  it("answer with calls of the caller's tools, in OpenAI's form", async () => {
    const call = { functionCall: { name: "get_weather", args: { city: "Paris" } } };
    service.tell = () => ({ response: service.content([call], "STOP") });
    const { output } = await ask([line("a", { tools: [weather] })]);
    expect(service.requests[0]?.["tools"]).toMatchObject([{ functionDeclarations: [{ name: "get_weather" }] }]);
    const told = { type: "function", function: { name: "get_weather", arguments: '{"city":"Paris"}' } };
    expect(choiceOf(output["a"])).toMatchObject({ finish_reason: "tool_calls", message: { tool_calls: [told] } });
  });

  it("end at their limit of tokens as OpenAI's do", async () => {
    service.tell = () => ({ response: service.content([{ text: "one two" }], "MAX_TOKENS") });
    const { output } = await ask([line("a", { max_tokens: 2 })]);
    expect(service.requests[0]?.["generationConfig"]).toEqual({ maxOutputTokens: 2 });
    expect(choiceOf(output["a"])?.finish_reason).toBe("length");
  });

  it("ask by itself what failed with a code of gRPC's that time can mend", async () => {
    const codes = [13, 14, 8];
    service.tell = (place) => ({ error: { code: codes[place], message: "An internal error has occurred." } });
    const { counts } = await ask([line("a"), line("b"), line("c")]);
    expect(counts).toEqual({ total: 3, completed: 3, failed: 0 });
    expect([service.refusals, service.asked]).toEqual([[], 3]);
  });

  it("end a prompt that a filter refused in the file of errors", async () => {
    service.tell = () => ({ response: { promptFeedback: { blockReason: "SAFETY" } } });
    const { errors } = await ask([line("a")]);
    expect(errors["a"]?.response).toMatchObject({ status_code: 400, body: { error: { code: "content-filtered" } } });
    expect(service.asked).toBe(0);
  });

  it("go line by line when their files are to be sent to another origin: no request of a caller's leaves for it", async () => {
    service.uploadOrigin = elsewhere.origin;
    const { counts } = await ask([line("a"), line("b")]);
    expect(counts).toEqual({ total: 2, completed: 2, failed: 0 });
    expect([service.creations, service.asked]).toEqual([0, 2]);
  });
});

describe("Mistral's batches", () => {
  it("go line by line where a line begins the answer, which Mistral repeats", async () => {
    const service = serve(kinds.mistral.make());
    const messages = [
      { role: "user", content: "Count." },
      { role: "assistant", content: "one" },
    ];
    service.ordinary = () => json(service.says("one two"));
    const prefilled = JSON.stringify({
      custom_id: "b",
      method: "POST",
      url: "/v1/chat/completions",
      body: { model: "mistral", messages },
    });
    const { output } = await ask([chatLine("a", "ask", { model: "mistral" }), prefilled]);
    expect([service.refusals, service.creations, service.asked]).toEqual([[], 0, 2]);
    expect([contentOf(output["a"]), contentOf(output["b"])]).toEqual(["one two", " two"]);
  });
});

import OpenAI, { toFile } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readOpenAiSchemas } from "../conformance/openai-schemas.ts";
import { json, type Script, sse } from "../fakes/upstream.ts";
import { type MediaFixture, startMedia } from "./fixture.ts";

let at: MediaFixture;
const schemas = readOpenAiSchemas();

beforeAll(async () => {
  at = await startMedia();
});
afterAll(async () => at?.close());

const bytes = (type: string, parts: readonly Uint8Array[]): Script => ({
  headers: { "content-type": type },
  steps: parts.map((write) => ({ write })),
});
const wav = (size: number) => toFile(new Uint8Array(size).fill(7), "talk.wav", { type: "audio/wav" });
const last = () => {
  const request = at.upstream.requests.at(-1);
  if (request === undefined) throw new Error("nothing was asked");
  return request;
};
const failure = async (work: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> => {
  const error = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof OpenAI.APIError)) throw new Error(`not refused: ${String(error)}`);
  return error;
};

describe("moderations", () => {
  const answer = {
    id: "modr-1",
    model: "omni-moderation-latest",
    results: [{ flagged: false, categories: { hate: false }, category_scores: { hate: 0.01 } }],
  };

  it("pass through, with a trace", async () => {
    at.upstream.answer(json(answer));
    const { data, response } = await at.client.moderations
      .create({ model: "all", input: ["kind words"] })
      .withResponse();
    expect(data.results[0]?.flagged).toBe(false);
    expect(last()).toMatchObject({
      path: "/v1/moderations",
      json: { model: "all-upstream", input: ["kind words"] },
    });
    expect((await at.traceOf(response)).record).toMatchObject({
      surface: "moderations",
      status: "ok",
      provider: "cloud",
    });
  });

  it("go to the first target that has them, and are refused by name when none has", async () => {
    at.upstream.answer(json(answer));
    const { response } = await at.client.moderations.create({ model: "either", input: "words" }).withResponse();
    expect(response.headers.get("x-millrace-provider")).toBe("cloud");
    const refused = await failure(at.client.moderations.create({ model: "claude", input: "words" }));
    expect(refused.code).toBe("no-capable-target");
    expect(refused.message).toContain("lacks moderations");
  });

  it("that are not moderations are no answer", async () => {
    at.upstream.answer(json({ id: "x", results: [] }));
    expect((await failure(at.client.moderations.create({ model: "all", input: "words" }))).status).toBe(502);
  });
});

describe("images", () => {
  const picture = Buffer.alloc(3_000_000, 5).toString("base64");
  const made = {
    created: 1_700_000_000,
    data: [{ b64_json: picture }],
    usage: {
      input_tokens: 10,
      output_tokens: 100,
      total_tokens: 110,
      input_tokens_details: { text_tokens: 10, image_tokens: 0 },
    },
  };

  it("are made, and the trace holds what they cost but not the picture", async () => {
    at.upstream.answer(json(made));
    const { data, response } = await at.client.images.generate({ model: "all", prompt: "a mill" }).withResponse();
    expect(data.data?.[0]?.b64_json).toBe(picture);
    expect(schemas.faults("ImagesResponse", data)).toEqual([]);
    const { record, bodies } = await at.traceOf(response);
    expect(record).toMatchObject({ surface: "image-generations", status: "ok", cost_usd_micros: 10 + 4000 });
    expect(record.usage).toMatchObject({ input_tokens: 10, output_tokens: 100, details: { image_output_tokens: 100 } });
    expect(JSON.stringify(bodies).length).toBeLessThan(40_000);
  });

  it("are edited: the form reaches the target whole, under its own name of the model", async () => {
    at.upstream.answer(json(made));
    const image = await toFile(new TextEncoder().encode("PNG-BYTES"), "mill.png", { type: "image/png" });
    const { response } = await at.client.images
      .edit({ model: "all", prompt: "add a wheel", image, n: 1 })
      .withResponse();
    const { text, path, headers } = last();
    expect(path).toBe("/v1/images/edits");
    expect(headers["content-type"]).toMatch(/^multipart\/form-data; *boundary=/);
    expect(text).toContain("PNG-BYTES");
    expect(text).toContain('filename="mill.png"');
    expect(text).toMatch(/name="model"\r\n\r\nall-upstream\r\n/);
    const { bodies, record } = await at.traceOf(response);
    expect(bodies?.request).toMatchObject({
      prompt: "add a wheel",
      image: { filename: "mill.png", content_type: "image/png", bytes: 9 },
    });
    expect(record.requested).toBe("all");
  });

  it("are varied", async () => {
    at.upstream.answer(
      json({ created: 1, data: [{ url: "https://images.test/1" }, { url: "https://images.test/2" }] }),
    );
    const image = await toFile(new Uint8Array(8), "mill.png", { type: "image/png" });
    const { response } = await at.client.images.createVariation({ model: "all", image, n: 2 }).withResponse();
    expect((await at.traceOf(response)).record.usage?.details).toEqual({ images: 2 });
  });

  it("stream as they become clearer, each event as it came", async () => {
    const events = [
      { type: "image_generation.partial_image", b64_json: picture, partial_image_index: 0 },
      { type: "image_generation.completed", b64_json: picture, usage: made.usage },
    ];
    at.upstream.answer(sse(events));
    const { data, response } = await at.client.images
      .generate({ model: "all", prompt: "a mill", stream: true, partial_images: 1 })
      .withResponse();
    const seen: string[] = [];
    for await (const event of data) seen.push(`${event.type} ${event.b64_json.length}`);
    expect(seen).toEqual(events.map(({ type, b64_json }) => `${type} ${b64_json.length}`));
    expect((await at.traceOf(response)).record).toMatchObject({ status: "ok", cost_usd_micros: 10 + 4000 });
  });

  it("whose stream ends before the last picture are told as cut short", async () => {
    at.upstream.answer(sse([{ type: "image_generation.partial_image", b64_json: "AAAA", partial_image_index: 0 }]));
    const response = await at.gateway.post("/v1/images/generations", at.tenant, {
      model: "all",
      prompt: "a mill",
      stream: true,
    });
    expect(await response.text()).toContain('"code":"upstream-truncated"');
    expect((await at.traceOf(response)).record).toMatchObject({ status: "truncated", cost_usd_micros: null });
  });

  it("that break off in the middle break off for the caller as well", async () => {
    at.upstream.answer({
      headers: { "content-type": "application/json" },
      steps: [{ write: `{"created":1,"data":[{"b64_json":"${"A".repeat(100_000)}` }, { fin: true }],
    });
    const response = await at.gateway.post("/v1/images/generations", at.tenant, { model: "all", prompt: "a mill" });
    await expect(response.text()).rejects.toThrow();
    expect((await at.traceOf(response)).record.status).toBe("truncated");
  });
});

describe("speech", () => {
  it("is sound as it came, billed by the characters spoken", async () => {
    const parts = [new Uint8Array(70_000).fill(1), new Uint8Array(10).fill(2)];
    at.upstream.answer(bytes("audio/mpeg", parts));
    const response = await at.gateway.post("/v1/audio/speech", at.tenant, {
      model: "all",
      input: "Grüß Gott",
      voice: "alloy",
    });
    expect(response.headers.get("content-type")).toBe("audio/mpeg");
    expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.concat(parts))).toBe(true);
    const { record, bodies } = await at.traceOf(response);
    expect(record.usage).toMatchObject({ details: { characters: 9 }, source: "estimated", estimated_by: "request" });
    expect(bodies?.response).toEqual({ content_type: "audio/mpeg", bytes: 70_010 });
  });

  it("that is a web page is no answer", async () => {
    at.upstream.answer(bytes("text/html", [new TextEncoder().encode("<html>")]));
    const error = await failure(at.client.audio.speech.create({ model: "all", input: "hi", voice: "alloy" }));
    expect(error.code).toBe("upstream-garbage");
  });

  it("falls to nobody else once it has begun, and is retried before that", async () => {
    let calls = 0;
    at.upstream.answer(() => {
      calls += 1;
      return calls === 1 ? json({ error: { message: "busy" } }, 503) : bytes("audio/mpeg", [new Uint8Array(3)]);
    });
    const response = await at.client.audio.speech.create({ model: "all", input: "hi", voice: "alloy" });
    expect((await response.arrayBuffer()).byteLength).toBe(3);
    expect(calls).toBe(2);
  });
});

describe("what is heard", () => {
  it("is transcribed from a form, billed by its seconds", async () => {
    at.upstream.answer(json({ text: "hello", usage: { type: "duration", seconds: 12 } }));
    const { data, response } = await at.client.audio.transcriptions
      .create({ model: "all", file: await wav(1000) })
      .withResponse();
    expect(data.text).toBe("hello");
    expect(last().path).toBe("/v1/audio/transcriptions");
    const { record, bodies } = await at.traceOf(response);
    expect(record.usage?.details).toEqual({ audio_seconds: 12 });
    expect(bodies?.request).toMatchObject({ file: { filename: "talk.wav", bytes: 1000 } });
    expect(bodies?.response).toMatchObject({ text: "hello" });
  });

  it("is counted in tokens where the provider does", async () => {
    const usage = { type: "tokens", input_tokens: 14, output_tokens: 4, input_token_details: { audio_tokens: 14 } };
    at.upstream.answer(json({ text: "hello", usage }));
    const { response } = await at.client.audio.transcriptions
      .create({ model: "all", file: await wav(10) })
      .withResponse();
    const { record } = await at.traceOf(response);
    expect(record.usage).toMatchObject({ input_tokens: 14, output_tokens: 4, details: { audio_input_tokens: 14 } });
    // There is no price for audio tokens.
    expect(record.cost_usd_micros).toBeNull();
  });

  it("streams", async () => {
    at.upstream.answer(
      sse([
        { type: "transcript.text.delta", delta: "hel" },
        { type: "transcript.text.delta", delta: "lo" },
        { type: "transcript.text.done", text: "hello", usage: { type: "tokens", input_tokens: 5, output_tokens: 2 } },
        "[DONE]",
      ]),
    );
    const stream = await at.client.audio.transcriptions.create({ model: "all", file: await wav(10), stream: true });
    let text = "";
    for await (const event of stream) if (event.type === "transcript.text.delta") text += event.delta;
    expect(text).toBe("hello");
  });

  it("may be plain text", async () => {
    at.upstream.answer(bytes("text/vtt", [new TextEncoder().encode("WEBVTT\n")]));
    const text = await at.client.audio.transcriptions.create({
      model: "all",
      file: await wav(10),
      response_format: "vtt",
    });
    expect(text).toBe("WEBVTT\n");
  });

  it("is translated", async () => {
    at.upstream.answer(json({ text: "hello" }));
    const { data, response } = await at.client.audio.translations
      .create({ model: "all", file: await wav(10) })
      .withResponse();
    expect(data.text).toBe("hello");
    const { record } = await at.traceOf(response);
    expect(record.surface).toBe("translations");
    expect(record.usage).toBeNull();
    expect(record.cost_usd_micros).toBeNull();
  });

  it("is refused when it is too large, or no form, or names no model", async () => {
    const large = await failure(
      at.client.audio.transcriptions.create({ model: "all", file: await wav(27 * 1024 * 1024) }),
    );
    expect(large.code).toBe("body-too-large");
    const noForm = await at.gateway.post("/v1/audio/transcriptions", at.tenant, { model: "all" });
    expect(noForm.status).toBe(415);
    expect(await noForm.json()).toMatchObject({ error: { code: "form-expected" } });
    const body = new FormData();
    body.append("file", new Blob(["x"]), "a.wav");
    const noModel = await fetch(`${at.gateway.url}/v1/audio/transcriptions`, {
      method: "POST",
      headers: { authorization: `Bearer ${at.tenant.key}` },
      body,
    });
    expect(await noModel.json()).toMatchObject({ error: { code: "invalid-request", param: "model" } });
  });
});

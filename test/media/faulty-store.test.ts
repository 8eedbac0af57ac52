import OpenAI, { toFile } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gate, json } from "../fakes/upstream.ts";
import { eventually } from "../support/eventually.ts";
import { type MediaFixture, startMedia } from "./fixture.ts";

let at: MediaFixture;

beforeAll(async () => {
  at = await startMedia({ entry: "test/fakes/faulty-state.worker.ts" });
});
afterAll(async () => at?.close());

const fail = (failures: number) => fetch(`${at.gateway.url}/faults?failures=${failures}`);
const completion = {
  id: "c",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [
    { index: 0, message: { role: "assistant", content: "x", refusal: null }, logprobs: null, finish_reason: "stop" },
  ],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
};
const input = (lines: number): string =>
  Array.from({ length: lines }, (_, n) =>
    JSON.stringify({
      custom_id: `l${n}`,
      method: "POST",
      url: "/v1/chat/completions",
      body: { model: "all", messages: [{ role: "user", content: `store ${n}` }] },
    }),
  ).join("\n");
const upload = async (content: string) =>
  at.client.files.create({ file: await toFile(Buffer.from(content), "in.jsonl"), purpose: "batch" });
const refusal = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "went well",
    (error: unknown) => (error instanceof OpenAI.APIError ? [error.status, error.code] : error),
  );

describe("while the store is away", () => {
  it("files are refused as such, and nothing half is left", async () => {
    const { id } = await upload("x");
    const away = [503, "state-unavailable"];
    await fail(1);
    expect(await refusal(upload("y"))).toEqual(away);
    await fail(1);
    expect(await refusal(at.client.files.retrieve(id))).toEqual(away);
    await fail(1);
    expect(await refusal(at.client.files.list().then((page) => page))).toEqual(away);
    await fail(1);
    expect(await refusal(at.client.files.delete(id))).toEqual(away);
    expect((await at.client.files.list()).data.map((file) => file.id)).toEqual([id]);
  });

  it("a batch waits and goes on: no line is lost, none asked twice", async () => {
    const lines = 12;
    const [first, last] = [gate(), gate()];
    at.upstream.answer(({ text }) => {
      const until = Number(/store (\d+)/.exec(text)?.[1]) < 8 ? first.opened : last.opened;
      return { ...json(completion), steps: [{ until }, { write: JSON.stringify(completion) }] };
    });
    const { id } = await upload(input(lines));
    const begun = await at.client.batches.create({
      input_file_id: id,
      endpoint: "/v1/chat/completions",
      completion_window: "24h",
    });
    const asked = (): number => at.upstream.requests.filter(({ text }) => text.includes("store ")).length;
    await eventually(() => expect(asked()).toBe(8));
    // The next lines cannot be read at first.
    await fail(4);
    first.open();
    await eventually(() => expect(asked()).toBe(lines));
    // And the results cannot be written.
    await fail(4);
    last.open();
    await eventually(async () => {
      const batch = await at.client.batches.retrieve(begun.id);
      expect(batch.status).toBe("completed");
      expect(batch.request_counts).toEqual({ total: lines, completed: lines, failed: 0 });
      const output = await (await at.client.files.content(batch.output_file_id ?? "")).text();
      expect(output.trimEnd().split("\n").length).toBe(lines);
    });
    expect(asked()).toBe(lines);
  });
});

import { type JsonObject, providerSchema } from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import type { WholeAnswer } from "../../exchange/answer.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import { callEmbeddings } from "./call-embeddings.ts";
import type { OpenAiDialect } from "./openai-dialect.ts";
import { decodeVector, encodeVector } from "./vector-base64.ts";

const provider = providerSchema.parse({ name: "p", kind: "openai", secret: "KEY" });

function callOf(fields: JsonObject): ModelCall {
  const whole = { model: "m", ...fields };
  return {
    surface: "embeddings",
    target: { provider, model: "m", tier: "cloud" },
    fields: whole,
    text: JSON.stringify(whole),
    stream: false,
    wantsUsage: false,
    choices: 1,
  };
}

/** A service that makes a vector of each input's first character, answers in reverse, and remembers what it was asked. */
function service(options: { readonly base64?: boolean; readonly counts?: boolean; readonly short?: boolean } = {}) {
  const asked: JsonObject[] = [];
  const send = async ({ text }: ModelCall): Promise<WholeAnswer> => {
    const request = JSON.parse(text) as JsonObject;
    asked.push(request);
    const inputs = (Array.isArray(request["input"]) ? request["input"] : [request["input"]]) as (string | number[])[];
    const data = inputs
      .map((input, index) => {
        const vector = [typeof input === "string" ? input.charCodeAt(0) : (input[0] ?? 0), 0.5];
        return { object: "embedding", index, embedding: options.base64 === true ? encodeVector(vector) : vector };
      })
      .slice(options.short === true ? 1 : 0)
      .toReversed();
    const usage =
      options.counts === false ? {} : { usage: { prompt_tokens: inputs.length, total_tokens: inputs.length } };
    const body = { object: "list", model: "m-2026", data, ...usage } as JsonObject;
    return { kind: "whole", text: JSON.stringify(body), body };
  };
  return { asked, send };
}

const ask = (fields: JsonObject, dialect: OpenAiDialect, of = service()): Promise<WholeAnswer> =>
  callEmbeddings(callOf(fields), dialect, of.send);
const letters = (count: number): string[] => Array.from({ length: count }, (_none, at) => String.fromCharCode(65 + at));

describe("callEmbeddings", () => {
  it("asks once and passes the service's own bytes on when all fit and the form is right", async () => {
    const { asked, send } = service();
    const answer = await callEmbeddings(callOf({ input: letters(3) }), {}, send);
    expect(asked).toHaveLength(1);
    expect(answer.text).toContain('"index":2,"embedding":[67,0.5]},{"object":"embedding","index":1');
  });

  it("splits what does not fit, and merges in the order of the inputs with the sum of the counts", async () => {
    const { asked, send } = service();
    const answer = await callEmbeddings(callOf({ input: letters(11), dimensions: 2 }), { maxEmbeddingInputs: 2 }, send);
    expect(asked.map((request) => (request["input"] as unknown[]).length)).toEqual([2, 2, 2, 2, 2, 1]);
    expect(asked.every((request) => request["dimensions"] === 2)).toBe(true);
    const data = answer.body["data"] as JsonObject[];
    expect(data.map((item) => item["index"])).toEqual(letters(11).map((_letter, at) => at));
    expect(data.map((item) => (item["embedding"] as number[])[0])).toEqual(letters(11).map((_letter, at) => 65 + at));
    expect(answer.body).toMatchObject({ model: "m-2026", usage: { prompt_tokens: 11, total_tokens: 11 } });
    expect(JSON.parse(answer.text)).toEqual(answer.body);
  });

  it("knows no count when one call has none", async () => {
    const answer = await ask({ input: letters(3) }, { maxEmbeddingInputs: 2 }, service({ counts: false }));
    expect(answer.body).not.toHaveProperty("usage");
  });

  it.each([
    ["numbers from a service that sends base64", { base64: true }, undefined, [65, 0.5]],
    ["base64 from a service that sends numbers", {}, "base64", encodeVector([65, 0.5])],
    ["base64 as it came", { base64: true }, "base64", encodeVector([65, 0.5])],
  ] as const)("gives %s", async (...[, options, format, expected]) => {
    const fields = { input: "A", ...(format === undefined ? {} : { encoding_format: format }) };
    expect((await ask(fields, {}, service(options))).body["data"]).toMatchObject([{ embedding: expected }]);
  });

  it("sends tokens where they are taken: a list of numbers is one input, a list of lists several", async () => {
    const { asked, send } = service();
    const one = await callEmbeddings(
      callOf({ input: [7, 8, 9] }),
      { takesTokens: true, maxEmbeddingInputs: 1 },
      async (call) => {
        expect(call.fields["input"]).toEqual([7, 8, 9]);
        const body = { object: "list", data: [{ object: "embedding", index: 0, embedding: [1] }] } as JsonObject;
        return { kind: "whole", text: JSON.stringify(body), body };
      },
    );
    expect(one.body["data"]).toHaveLength(1);
    const dialect = { takesTokens: true, maxEmbeddingInputs: 1 };
    const two = await callEmbeddings(callOf({ input: [[7, 8], [9]] }), dialect, send);
    expect(asked.map((request) => request["input"])).toEqual([[[7, 8]], [[9]]]);
    expect(two.body["data"]).toHaveLength(2);
  });

  it.each([
    ["tokens where they are not taken", { input: [1, 2] }, {}],
    ["more inputs than forty calls hold", { input: letters(41) }, { maxEmbeddingInputs: 1 }],
  ] as const)("refuses %s", async (_name, fields, dialect) => {
    const work = ask({ input: [...fields.input] }, dialect);
    await expect(work).rejects.toMatchObject({ code: "unsupported-parameter", param: "input" });
  });

  it("calls an answer with too few vectors garbage, and text that is no vector too", async () => {
    await expect(ask({ input: letters(3) }, {}, service({ short: true }))).rejects.toMatchObject({
      code: "upstream-garbage",
    });
    expect(() => decodeVector("%%")).toThrow(expect.objectContaining({ code: "upstream-garbage" }) as Error);
    expect(() => decodeVector(btoa("abc"))).toThrow(expect.objectContaining({ code: "upstream-garbage" }) as Error);
    expect(decodeVector(encodeVector([0.5, -2]))).toEqual([0.5, -2]);
  });
});

import { Validator } from "@cfworker/json-schema";
import type { JsonObject } from "@millrace/core/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerOf, errorOf, readEvents, startTestRunner, type TestRunner } from "./start-test-runner.ts";

let runner: TestRunner;
beforeAll(async () => {
  runner = await startTestRunner({}, { contextLength: 2048 });
}, 60_000);
afterAll(() => runner.stop());

const format = (schema: JsonObject) => ({ type: "json_schema", json_schema: { name: "answer", schema } });

const schemas: Record<string, JsonObject> = {
  triage: {
    type: "object",
    additionalProperties: false,
    required: ["queue", "urgent", "score"],
    properties: {
      queue: { enum: ["billing", "shipping", 'it\'s "quoted" \\ back'] },
      urgent: { type: "boolean" },
      score: { type: "integer", minimum: -3, maximum: 120 },
      confidence: { type: "number", minimum: 0, maximum: 1 },
      note: { type: ["string", "null"], maxLength: 12 },
      due: { type: "string", format: "date-time" },
    },
  },
  nested: {
    $defs: {
      line: {
        type: "object",
        properties: {
          sku: { type: "string", minLength: 2, maxLength: 6 },
          qty: { type: "integer", exclusiveMinimum: 0, maximum: 99 },
        },
        required: ["sku", "qty"],
        additionalProperties: false,
      },
    },
    type: "object",
    properties: {
      lines: { type: "array", minItems: 1, maxItems: 3, items: { $ref: "#/$defs/line" } },
      pair: { type: "array", prefixItems: [{ type: "boolean" }, { const: 7 }], items: false, minItems: 2 },
      id: { anyOf: [{ type: "string", format: "uuid" }, { type: "null" }] },
    },
    required: ["lines", "pair", "id"],
  },
};

describe("an answer under a JSON schema", () => {
  it.each(Object.keys(schemas))(
    "%s: is valid for each of 20 seeds",
    async (name) => {
      const schema = schemas[name] ?? {};
      const validator = new Validator(schema, "2020-12");
      for (let seed = 0; seed < 20; seed++) {
        const { choices } = await answerOf(
          await runner.chat({ seed, temperature: 1.2, max_tokens: 1200, response_format: format(schema) }),
        );
        expect(choices[0]?.finish_reason).toBe("stop");
        const value: unknown = JSON.parse(choices[0]?.message.content ?? "");
        expect(validator.validate(value).errors).toEqual([]);
      }
    },
    60_000,
  );

  it("follows a schema that refers to itself", async () => {
    const tree: JsonObject = {
      type: "object",
      properties: { v: { type: "boolean" }, next: { anyOf: [{ type: "null" }, { $ref: "#" }] } },
      required: ["v", "next"],
      additionalProperties: false,
    };
    const { choices } = await answerOf(
      await runner.chat({ seed: 2, temperature: 1, max_tokens: 1500, response_format: format(tree) }),
    );
    expect(new Validator(tree, "2020-12").validate(JSON.parse(choices[0]?.message.content ?? "")).valid).toBe(true);
  });

  it("says `length` when it is cut off", async () => {
    const { choices } = await answerOf(
      await runner.chat({ max_tokens: 5, response_format: format(schemas["triage"] ?? {}) }),
    );
    expect(choices[0]?.finish_reason).toBe("length");
  });

  it("json_object begins as an object and stays JSON", async () => {
    const { choices } = await answerOf(
      await runner.chat({ seed: 1, max_tokens: 900, temperature: 0.8, response_format: { type: "json_object" } }),
    );
    const text = choices[0]?.message.content ?? "";
    if (choices[0]?.finish_reason === "stop") expect(typeof JSON.parse(text)).toBe("object");
    expect(text.startsWith("{")).toBe(true);
  });

  it("a schema that leads to nothing, or to itself, is refused and the engine lives on", async () => {
    for (const schema of [
      { $ref: "#/$defs/none" },
      { $ref: "#" },
      { type: "integer", minimum: 5, maximum: 4 },
      { anyOf: [{ $ref: "#" }] },
    ]) {
      const response = await runner.chat({ max_tokens: 5, response_format: format(schema) });
      expect(response.ok).toBe(false);
    }
    expect((await runner.chat({ max_tokens: 1 })).status).toBe(200);
    expect(await runner.metric("millrace_runner_engine_restarts_total")).toBe(0);
  });
});

describe("a schema that no text can satisfy", () => {
  const property = (schema: JsonObject): JsonObject => ({ type: "object", properties: { a: schema }, required: ["a"] });
  const cases: [string, JsonObject, string][] = [
    ["an enum of nothing", { enum: [] }, ".enum"],
    ["an enum whose values the type excludes", { type: "integer", enum: ["a", 1.5] }, ".enum"],
    ["a constant that a keyword beside it excludes", { const: "long", maxLength: 2 }, ".const"],
    ["a constant that is not in the enum", { const: 1, enum: [2] }, ".const"],
    ["a choice of nothing", { anyOf: [] }, ".anyOf"],
    ["no type at all", { type: [] }, ".type"],
    ["a property of that kind", property({ enum: [] }), ".properties.a.enum"],
  ];
  it.each(cases)("%s: is refused by name", async (...[, schema, path]) => {
    for (const stream of [false, true]) {
      expect(await errorOf(await runner.chat({ stream, response_format: format(schema) }))).toMatchObject({
        status: 400,
        code: "unsupported-parameter",
        param: `response_format.json_schema.schema${path}`,
      });
    }
  });

  it("in the parameters of a tool is refused by name as well", async () => {
    const tool = { type: "function", function: { name: "f", parameters: property({ enum: [] }) } };
    expect(await errorOf(await runner.chat({ tools: [tool] }))).toMatchObject({
      status: 400,
      param: "tools[0].function.parameters.properties.a.enum",
    });
  });
});

it("a keyword whose value is no schema's is refused by name, not passed over", async () => {
  for (const [keyword, value] of [
    ["enum", "a"],
    ["anyOf", {}],
    ["type", null],
    ["$ref", 5],
  ] as const) {
    expect(await errorOf(await runner.chat({ response_format: format({ [keyword]: value }) }))).toMatchObject({
      status: 400,
      code: "unsupported-parameter",
      param: `response_format.json_schema.schema.${keyword}`,
    });
  }
});

describe("an enum beside other keywords", () => {
  const schema: JsonObject = {
    $defs: { short: { maxLength: 2 } },
    type: "string",
    enum: ["too long", 5, "ab"],
    anyOf: [{ $ref: "#/$defs/short" }],
  };

  it("is answered with a value that all of them admit", async () => {
    for (let seed = 0; seed < 3; seed++) {
      const { choices } = await answerOf(
        await runner.chat({ seed, temperature: 1.2, max_tokens: 20, response_format: format(schema) }),
      );
      expect(choices[0]?.message.content).toBe('"ab"');
    }
  });

  it("is refused by name where what stands beside it cannot be read", async () => {
    const broken = { ...schema, anyOf: [{ $ref: "#/$defs/none" }] };
    expect(await errorOf(await runner.chat({ response_format: format(broken) }))).toMatchObject({
      status: 400,
      code: "unsupported-parameter",
      param: "response_format.json_schema.schema.enum",
    });
  });
});

const tools = [
  {
    type: "function",
    function: {
      name: "find_order",
      description: "Finds an order",
      parameters: {
        type: "object",
        properties: { number: { type: "integer", minimum: 1, maximum: 9999 } },
        required: ["number"],
        additionalProperties: false,
      },
    },
  },
  {
    type: "function",
    function: {
      name: "close",
      parameters: {
        type: "object",
        properties: { why: { type: "string", maxLength: 10 } },
        required: ["why"],
        additionalProperties: false,
      },
    },
  },
];

describe("tools", () => {
  it("required: one call with valid arguments, the same streamed and not", async () => {
    const body = { tools, tool_choice: "required", temperature: 0, max_tokens: 300 };
    const whole = (await answerOf(await runner.chat(body))).choices[0];
    expect(whole?.finish_reason).toBe("tool_calls");
    expect(whole?.message.content).toBeNull();
    const call = whole?.message.tool_calls?.[0];
    expect(["find_order", "close"]).toContain(call?.function.name);
    JSON.parse(call?.function.arguments ?? "");
    const { chunks } = await readEvents(await runner.chat({ ...body, stream: true }));
    const deltas = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
    expect(deltas[0]).toMatchObject({ index: 0, function: { name: call?.function.name, arguments: "" } });
    expect(deltas.map((delta) => delta.function.arguments).join("")).toBe(call?.function.arguments);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("tool_calls");
  });

  it("a named choice calls that tool", async () => {
    for (const name of ["find_order", "close"]) {
      const choice = { type: "function", function: { name } };
      const { choices } = await answerOf(await runner.chat({ tools, tool_choice: choice, max_tokens: 300, seed: 3 }));
      expect(choices[0]?.message.tool_calls?.[0]?.function.name).toBe(name);
    }
  });

  it("parallel_tool_calls allows several, each whole", async () => {
    let most = 0;
    for (let seed = 0; seed < 12; seed++) {
      const { choices } = await answerOf(
        await runner.chat({
          tools,
          tool_choice: "required",
          parallel_tool_calls: true,
          // "[" and ",": the model's own taste would hardly ever begin an array.
          logit_bias: { "91": 30, "44": 8 },
          max_tokens: 700,
          temperature: 1.5,
          seed,
        }),
      );
      const calls = choices[0]?.message.tool_calls ?? [];
      if (choices[0]?.finish_reason === "tool_calls") for (const call of calls) JSON.parse(call.function.arguments);
      expect(new Set(calls.map((call) => call.id)).size).toBe(calls.length);
      most = Math.max(most, calls.length);
    }
    expect(most).toBeGreaterThan(1);
  }, 60_000);

  it("auto may answer text; none never calls", async () => {
    const auto = (await answerOf(await runner.chat({ tools, max_tokens: 20, temperature: 0 }))).choices[0];
    expect(auto?.message.tool_calls === undefined ? auto?.message.content : "called").not.toBe("");
    const none = (await answerOf(await runner.chat({ tools, tool_choice: "none", max_tokens: 20 }))).choices[0];
    expect(none?.message.tool_calls).toBeUndefined();
  });

  it("with a JSON response_format, or an unknown tool name, is refused by name", async () => {
    const both = { tools, response_format: { type: "json_object" } };
    expect(await errorOf(await runner.chat(both))).toMatchObject({ param: "response_format" });
    const wrong = { tools, tool_choice: { type: "function", function: { name: "nope" } } };
    expect(await errorOf(await runner.chat(wrong))).toMatchObject({ param: "tool_choice.function.name" });
  });
});

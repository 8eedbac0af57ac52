import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newDataDir, repositoryRoot, startStack, type Stack } from "../support/stack.ts";
import { eventually } from "../support/eventually.ts";
import { hasPython, runPython } from "../support/python.ts";

const run = promisify(execFile);
const data = newDataDir();
let stack: Stack;
let client: OpenAI;

beforeAll(async () => {
  stack = await startStack(data.path);
  client = new OpenAI({ baseURL: `${stack.url}/v1`, apiKey: stack.key, maxRetries: 0 });
});
afterAll(async () => {
  await stack.stop();
  data.remove();
});

const ana = { prompt: { variables: { customer_name: "Ana", order_number: "1042" } } };
const broken = [{ role: "user" as const, content: "my rain jacket arrived broken" }];

async function millrace(...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, ["cli/main.ts", ...args], {
    cwd: repositoryRoot,
    env: { ...process.env, MILLRACE_URL: stack.url, MILLRACE_KEY: stack.key, NO_COLOR: "1" },
  });
  return stdout;
}

/** What `prompt:support-reply` answers now. */
async function reply(): Promise<string> {
  const answer = await client.chat.completions.create({
    model: "prompt:support-reply",
    messages: broken,
    ...ana,
  } as OpenAI.ChatCompletionCreateParamsNonStreaming);
  return answer.choices[0]?.message.content ?? "";
}

interface TraceRow {
  readonly id: string;
  readonly status: string;
  readonly requested: string;
}

async function api<T>(path: string): Promise<T> {
  const response = await fetch(`${stack.url}/api/v1${path}`, { headers: { authorization: `Bearer ${stack.key}` } });
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

describe("a newcomer's first hour", () => {
  it("finds the key in a file that only the owner can read", () => {
    expect(statSync(join(data.path, "local.json")).mode & 0o777).toBe(0o600);
  });

  it("streams a named prompt's answer from the local model, with usage at the end", async () => {
    const stream = await client.chat.completions.create({
      model: "prompt:support-reply",
      messages: broken,
      stream: true,
      stream_options: { include_usage: true },
      ...ana,
    } as OpenAI.ChatCompletionCreateParamsStreaming);
    const texts: string[] = [];
    let usage: OpenAI.CompletionUsage | undefined;
    for await (const chunk of stream) {
      texts.push(chunk.choices[0]?.delta.content ?? "");
      usage = chunk.usage ?? usage;
    }
    expect(texts.join("")).toContain("Ana");
    expect(texts.filter((text) => text !== "").length).toBeGreaterThan(3);
    expect(usage?.completion_tokens).toBeGreaterThan(5);
  });

  it("answers the same text streamed and whole", async () => {
    const stream = await client.chat.completions.create({
      model: "prompt:support-reply",
      messages: broken,
      stream: true,
      ...ana,
    } as OpenAI.ChatCompletionCreateParamsStreaming);
    let text = "";
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
    expect(text).toBe(await reply());
  });

  it("keeps to a JSON schema that the model never saw", async () => {
    const schema = {
      type: "object",
      properties: { colour: { enum: ["red", "green"] }, count: { type: "integer" } },
      required: ["colour", "count"],
      additionalProperties: false,
    };
    const answer = await client.chat.completions.create({
      model: "millrace-support",
      messages: [{ role: "user", content: "Describe a parcel." }],
      max_tokens: 60,
      response_format: { type: "json_schema", json_schema: { name: "parcel", schema, strict: true } },
    });
    const parsed = JSON.parse(answer.choices[0]?.message.content ?? "") as { colour: string; count: number };
    expect(["red", "green"]).toContain(parsed.colour);
    expect(Number.isInteger(parsed.count)).toBe(true);
  });

  it("calls the tool that the caller insists on", async () => {
    const answer = await client.chat.completions.create({
      model: "millrace-support",
      messages: [{ role: "user", content: "Where is order 1042?" }],
      max_tokens: 80,
      tools: [
        {
          type: "function",
          function: {
            name: "find_order",
            parameters: {
              type: "object",
              properties: { order: { enum: ["1042", "7"] } },
              required: ["order"],
              additionalProperties: false,
            },
          },
        },
      ],
      tool_choice: { type: "function", function: { name: "find_order" } },
    });
    const call = answer.choices[0]?.message.tool_calls?.[0];
    expect(call?.type === "function" ? call.function.name : undefined).toBe("find_order");
    expect(call?.type === "function" ? (JSON.parse(call.function.arguments) as object) : {}).toHaveProperty("order");
    expect(answer.choices[0]?.finish_reason).toBe("tool_calls");
  });

  it("classifies with the triage prompt into its own schema", async () => {
    const answer = await client.chat.completions.create({
      model: "prompt:support-triage",
      messages: [{ role: "user", content: "I was charged twice!" }],
      prompt: { variables: {} },
    } as OpenAI.ChatCompletionCreateParamsNonStreaming);
    expect(JSON.parse(answer.choices[0]?.message.content ?? "")).toHaveProperty("category", "billing");
  });

  it("records an abort in mid-stream as cancelled", async () => {
    const stream = await client.chat.completions.create({
      model: "millrace-support",
      messages: broken,
      stream: true,
      max_tokens: 800,
      // The model is small and fast: only a list that must be long is still being written when the client has left.
      response_format: {
        type: "json_schema",
        json_schema: { name: "words", schema: { type: "array", items: { type: "string" }, minItems: 200 } },
      },
    });
    for await (const _chunk of stream) {
      stream.controller.abort();
      break;
    }
    await eventually(async () => {
      const { data: traces } = await api<{ data: TraceRow[] }>("/traces?status=cancelled");
      expect(traces.some((trace) => trace.requested === "millrace-support")).toBe(true);
    });
  });

  it("moves a label, sees it live, and rolls it back from the command line", async () => {
    const before = await reply();
    const moved = await millrace("prompt", "publish", "support-reply", before.startsWith("Dear") ? "2" : "1");
    expect(moved).toMatch(/support-reply/);
    await eventually(async () => expect(await reply()).not.toBe(before));
    await millrace("prompt", "rollback", "support-reply");
    await eventually(async () => expect(await reply()).toBe(before));
    expect(await millrace("prompt", "history", "support-reply")).toMatch(/rollback/i);
  });

  it("finds every exchange in Postgres", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 10; i++) {
      const answered = await client.chat.completions
        .create({ model: "millrace-support", messages: [{ role: "user", content: "hello" }], max_tokens: 4 })
        .withResponse();
      ids.push(answered.response.headers.get("x-millrace-trace") ?? "");
    }
    await eventually(async () => {
      const { data: traces } = await api<{ data: TraceRow[] }>("/traces?limit=200");
      const seen = new Set(traces.map((trace) => trace.id));
      expect(ids.filter((id) => !seen.has(id))).toEqual([]);
    });
  });

  it("serves the welcome page, the reference and the OpenAPI document", async () => {
    for (const path of ["/", "/docs"])
      expect((await fetch(stack.url + path)).headers.get("content-type")).toMatch(/text\/html/);
    const document = (await (await fetch(`${stack.url}/openapi.json`)).json()) as { openapi: string };
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  it("works with the official Python SDK, its answers strictly validated", async (context) => {
    if (!(await hasPython())) {
      if (process.env["CI"] === "true") throw new Error("CI must have Python 3 with venv");
      context.skip("no Python 3 with venv on this machine");
    }
    const folder = join(repositoryRoot, "test/e2e/python");
    const printed = await runPython(join(folder, "sdk_matrix.py"), join(folder, "requirements.txt"), {
      MILLRACE_URL: stack.url,
      MILLRACE_KEY: stack.key,
    });
    const matrix = JSON.parse(printed) as { whole: string; streamed: { text: string; output_tokens: number } };
    expect(matrix).toMatchObject({
      structured: { ok: expect.any(Boolean) },
      tool: "find_order",
      abort: true,
      error_code: "unknown-model",
    });
    expect(matrix.streamed.text).toBe(matrix.whole);
    expect(matrix.streamed.output_tokens).toBeGreaterThan(5);
    expect(matrix).toHaveProperty("models", expect.arrayContaining(["millrace-support", "prompt:support-reply"]));
  });
});

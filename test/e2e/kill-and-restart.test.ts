import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { newDataDir, startStack, type Stack } from "../support/stack.ts";

const data = newDataDir();
let stack: Stack | undefined;

afterAll(async () => {
  await stack?.stop();
  data.remove();
});

async function call(running: Stack, path: string, init: { method?: string; body?: unknown } = {}): Promise<Response> {
  return fetch(running.url + path, {
    method: init.method ?? (init.body === undefined ? "GET" : "POST"),
    headers: { authorization: `Bearer ${running.key}`, "content-type": "application/json" },
    ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
  });
}

describe("a stack that is killed without warning", () => {
  it("has every answered exchange and every acknowledged change after the next start", async () => {
    stack = await startStack(data.path);
    const created = await call(stack, "/api/v1/prompts", {
      body: { name: "before-the-cut", content: { system: "s", settings: { model: "millrace-support" } } },
    });
    expect(created.status).toBe(201);
    const traces: string[] = [];
    for (let i = 0; i < 20; i++) {
      const answer = await call(stack, "/v1/chat/completions", {
        body: { model: "millrace-support", max_tokens: 3, messages: [{ role: "user", content: `hello ${i}` }] },
      });
      await answer.text();
      expect(answer.status).toBe(200);
      traces.push(answer.headers.get("x-millrace-trace") ?? "");
    }
    await stack.kill();

    const again = await startStack(data.path);
    stack = again;
    expect((await call(again, "/api/v1/prompts/before-the-cut")).status).toBe(200);
    await eventually(async () => {
      const listed = (await (await call(again, "/api/v1/traces?limit=200")).json()) as { data: { id: string }[] };
      const seen = new Set(listed.data.map((trace) => trace.id));
      expect(traces.filter((id) => !seen.has(id))).toEqual([]);
    });
  });

  it("refuses a second start on the same data and says who holds it", async () => {
    await expect(startStack(data.path)).rejects.toThrow(/runs on this data already: process \d+, http/);
  });

  it("ends at once, and says why, when the model can never load", async () => {
    const other = newDataDir();
    const model = join(other.path, "garbage.gguf");
    writeFileSync(model, "no model at all".repeat(1000));
    await expect(startStack(other.path, { MILLRACE_MODEL: model })).rejects.toThrow(
      /ended with 1[\s\S]*no local model: .*is not a GGUF file/,
    );
    other.remove();
  });
});

import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { createOpenApiDocument } from "./create-openapi-document.ts";
import { routeTable } from "./route-table.ts";

const document = createOpenApiDocument({ serverUrl: "http://localhost:8787" });
const text = JSON.stringify(document);

describe("the OpenAPI document", () => {
  it("is valid by the OpenAPI 3.1 schema", async () => {
    const validator = new Validator();
    const outcome = await validator.validate(JSON.parse(text) as Record<string, unknown>);
    expect(outcome.errors ?? []).toEqual([]);
    expect(outcome.valid).toBe(true);
    expect(validator.version).toBe("3.1");
  });

  it("refers only to components that exist, and holds none that nothing refers to", () => {
    const referred = new Set(Array.from(text.matchAll(/"#\/components\/schemas\/([A-Za-z]+)"/g), (match) => match[1]));
    expect([...referred].toSorted()).toEqual(Object.keys(document.components.schemas).toSorted());
  });

  it("names every operation once", () => {
    const ids = routeTable.map((operation) => operation.id);
    expect(new Set(ids).size).toBe(ids.length);
    const places = routeTable.map((operation) => `${operation.method} ${operation.path}`);
    expect(new Set(places).size).toBe(places.length);
  });

  it("shows only examples that its own schemas accept", () => {
    for (const operation of routeTable) {
      for (const body of [operation.request, ...operation.responses.flatMap((r) => [r.body, r.stream])]) {
        if (body?.example === undefined) continue;
        const parsed = body.schema.safeParse(body.example);
        expect(parsed.error?.message, operation.id).toBeUndefined();
      }
    }
  });

  it("lets a sender leave out what has a default, and promises it to a receiver", () => {
    const sent = document.components.schemas["PromptContentInput"];
    const received = document.components.schemas["PromptContent"];
    expect(sent?.["required"]).toEqual(["settings"]);
    expect(received?.["required"]).toContain("constraints");
  });

  it("answers errors in the OpenAI envelope under /v1 and as problem+json under /api", () => {
    const chat = document.paths["/v1/chat/completions"]?.["post"]?.responses["401"]?.content;
    expect(chat?.["application/json"]?.schema).toEqual({ $ref: "#/components/schemas/OpenAiError" });
    const prompts = document.paths["/api/v1/prompts"]?.["get"]?.responses["401"]?.content;
    expect(prompts?.["application/problem+json"]?.schema).toEqual({ $ref: "#/components/schemas/Problem" });
  });

  it("describes the event stream of a chat answer", () => {
    const content = document.paths["/v1/chat/completions"]?.["post"]?.responses["200"]?.content;
    expect(content?.["text/event-stream"]?.schema["contentSchema"]).toEqual({
      $ref: "#/components/schemas/ChatCompletionChunk",
    });
  });

  it("asks for a key on every route but the health checks and the operator's metrics", () => {
    const open = Object.entries(document.paths).filter(([, item]) =>
      Object.values(item).some((o) => o.security.length === 0),
    );
    expect(open.map(([path]) => path)).toEqual(["/healthz", "/readyz", "/metrics"]);
  });
});

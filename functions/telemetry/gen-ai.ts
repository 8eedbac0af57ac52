import type { JsonObject, JsonValue } from "@millrace/core/contract";
import type { AttributeValue, Double } from "./otlp.ts";
import type { ExportedTrace } from "./read-exports.ts";

/** Attributes of https://opentelemetry.io/docs/specs/semconv/gen-ai/, from what a trace holds. */
export type Attributes = Record<string, AttributeValue | Double>;

const operations: Readonly<Record<string, string>> = {
  chat: "chat",
  messages: "chat",
  responses: "chat",
  completions: "text_completion",
  embeddings: "embeddings",
};

/** Well-known values of `gen_ai.provider.name`; any other kind stands for itself. */
const providers: Readonly<Record<string, string>> = {
  "azure-openai": "azure.ai.openai",
  bedrock: "aws.bedrock",
  gemini: "gcp.gemini",
  "vertex-ai": "gcp.vertex_ai",
  mistral: "mistral_ai",
  xai: "x_ai",
};

/** An operation without a well-known name is called by its surface. */
export function operationName(surface: string): string {
  return operations[surface] ?? surface;
}

export function providerName(kind: string): string {
  return providers[kind] ?? kind;
}

function number(value: JsonValue | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function double(value: JsonValue | undefined): Double | undefined {
  return typeof value === "number" ? { double: value } : undefined;
}

function stops(value: JsonValue | undefined): readonly string[] | undefined {
  if (typeof value === "string") return [value];
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined;
}

/** What was asked for. */
export function requestAttributes({ settings, surface }: ExportedTrace): Attributes {
  const choices = number(settings["n"]);
  return {
    "gen_ai.operation.name": operationName(surface),
    "gen_ai.request.temperature": double(settings["temperature"]),
    "gen_ai.request.top_p": double(settings["top_p"]),
    "gen_ai.request.top_k": double(settings["top_k"]),
    "gen_ai.request.max_tokens": number(settings["max_completion_tokens"]) ?? number(settings["max_tokens"]),
    "gen_ai.request.frequency_penalty": double(settings["frequency_penalty"]),
    "gen_ai.request.presence_penalty": double(settings["presence_penalty"]),
    "gen_ai.request.stop_sequences": stops(settings["stop"]),
    "gen_ai.request.seed": number(settings["seed"]),
    // The convention has it only where it is not 1.
    "gen_ai.request.choice.count": choices === 1 ? undefined : choices,
  };
}

/** What was answered. */
export function responseAttributes({ finish_reasons, model, response_id }: ExportedTrace): Attributes {
  return {
    "gen_ai.response.model": model,
    "gen_ai.response.id": response_id,
    "gen_ai.response.finish_reasons": finish_reasons.length === 0 ? undefined : finish_reasons,
  };
}

function contentParts(content: JsonValue | undefined): JsonValue[] {
  if (typeof content === "string") return [{ type: "text", content }];
  if (!Array.isArray(content)) return [];
  return content.map((part) => {
    const isText = typeof part === "object" && part !== null && !Array.isArray(part) && part["type"] === "text";
    return isText ? { type: "text", content: part["text"] ?? "" } : part;
  });
}

function toolCalls(calls: JsonValue | undefined): JsonValue[] {
  if (!Array.isArray(calls)) return [];
  return calls.flatMap((call): JsonValue[] => {
    const { id, function: called } = call as { readonly id?: JsonValue; readonly function?: JsonObject };
    if (called === undefined) return [];
    return [{ type: "tool_call", id: id ?? null, name: called["name"] ?? "", arguments: called["arguments"] ?? null }];
  });
}

function message(value: JsonObject): JsonObject {
  const { role, content, tool_call_id: id, tool_calls: calls } = value;
  const parts =
    role === "tool"
      ? [{ type: "tool_call_response", id: id ?? null, response: content ?? null }]
      : [...contentParts(content), ...toolCalls(calls)];
  return { role: role ?? "assistant", parts };
}

function objects(value: JsonValue | undefined): JsonObject[] {
  if (!Array.isArray(value)) return [];
  return value.filter((item): item is JsonObject => typeof item === "object" && item !== null && !Array.isArray(item));
}

/** What was said, as JSON in the convention's form; only where the operator wants it exported. */
export function contentAttributes({ request, response, content_too_long }: ExportedTrace): Attributes {
  const input = objects(request?.["messages"]).map(message);
  const output = objects(response?.["choices"]).map((choice) => {
    const { message: said, text, finish_reason } = choice;
    const told = typeof said === "object" && said !== null && !Array.isArray(said) ? said : { content: text ?? null };
    return { ...message({ role: "assistant", ...told }), finish_reason: finish_reason ?? null };
  });
  return {
    "gen_ai.input.messages": input.length === 0 ? undefined : JSON.stringify(input),
    "gen_ai.output.messages": output.length === 0 ? undefined : JSON.stringify(output),
    "millrace.content.omitted": content_too_long ? true : undefined,
  };
}

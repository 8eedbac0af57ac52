import type {
  JsonObject,
  JsonValue,
  ModelResponse,
  ResponseFunctionTool,
  ResponsesRequest,
  ResponseUsage,
  Usage,
} from "@millrace/core/contract";
import type { CheckedRequest } from "./request.ts";

/** Our usage in the form of responses. Its counts of parts must be numbers: one that is unknown is told as none, the trace has it as unknown. */
export function toResponseUsage(usage: Usage | undefined): ResponseUsage | undefined {
  if (usage?.inputTokens === undefined || usage.outputTokens === undefined) return undefined;
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: {
      cached_tokens: usage.cachedInputTokens ?? 0,
      cache_write_tokens: usage.cacheWriteTokens ?? 0,
    },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
    total_tokens: usage.inputTokens + usage.outputTokens,
  };
}

export interface ResponseHead {
  readonly id: string;
  /** Named until the provider names the one that answers. */
  readonly model: string;
  readonly createdSeconds: number;
  readonly stored: boolean;
  readonly checked: CheckedRequest;
}

function promptOf({ prompt }: ResponsesRequest): JsonObject {
  if (prompt?.id === undefined) return {};
  const { id, version, variables } = prompt;
  return {
    prompt: {
      id,
      version: version === undefined || version === null ? null : String(version),
      ...(variables === undefined || variables === null ? {} : { variables }),
    },
  };
}

function textOf({ text }: ResponsesRequest): JsonObject {
  const verbosity = text?.verbosity;
  return {
    format: (text?.format ?? { type: "text" }) as JsonValue,
    ...(verbosity === undefined || verbosity === null ? {} : { verbosity }),
  };
}

function toolOf(tool: ResponseFunctionTool): JsonObject {
  const { description, parameters, strict } = tool;
  return {
    ...(tool as unknown as JsonObject),
    description: description ?? null,
    parameters: parameters ?? null,
    strict: strict ?? null,
  };
}

function samplingOf({ temperature, top_p, max_output_tokens }: ResponsesRequest) {
  return {
    temperature: temperature ?? null,
    top_p: top_p ?? null,
    max_output_tokens: max_output_tokens ?? null,
  };
}

/** What every state of a response repeats of its request. */
export function responseHead({ id, model, createdSeconds, stored, checked }: ResponseHead): ModelResponse {
  const { request, tools } = checked;
  const { reasoning, user } = request;
  return {
    id,
    object: "response",
    created_at: createdSeconds,
    status: "in_progress",
    background: false,
    error: null,
    incomplete_details: null,
    instructions: request.instructions ?? null,
    model,
    output: [],
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    ...promptOf(request),
    reasoning: { effort: reasoning?.effort ?? null, summary: reasoning?.summary ?? null },
    store: stored,
    text: textOf(request),
    tool_choice: (request.tool_choice ?? "auto") as JsonValue,
    tools: tools.map(toolOf),
    truncation: request.truncation ?? "disabled",
    metadata: request.metadata ?? {},
    ...samplingOf(request),
    ...(user === undefined || user === null ? {} : { user }),
  };
}

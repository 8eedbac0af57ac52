import type { JsonObject, JsonValue, ModelResponse, ResponseUsage, Usage } from "@millrace/core/contract";
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

/** What every state of a response repeats of its request. */
export function responseHead({ id, model, createdSeconds, stored, checked }: ResponseHead): ModelResponse {
  const { request, tools } = checked;
  const { id: promptId, version, variables } = request.prompt ?? {};
  const verbosity = request.text?.verbosity;
  return {
    id,
    object: "response",
    created_at: createdSeconds,
    status: "in_progress",
    background: false,
    error: null,
    incomplete_details: null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    model,
    output: [],
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    ...(promptId === undefined
      ? {}
      : {
          prompt: {
            id: promptId,
            version: version === undefined || version === null ? null : String(version),
            variables,
          },
        }),
    reasoning: { effort: request.reasoning?.effort ?? null, summary: request.reasoning?.summary ?? null },
    store: stored,
    temperature: request.temperature ?? null,
    text: {
      format: (request.text?.format ?? { type: "text" }) as JsonValue,
      ...(verbosity === undefined || verbosity === null ? {} : { verbosity }),
    },
    tool_choice: (request.tool_choice ?? "auto") as JsonValue,
    tools: tools.map((tool): JsonObject => ({
      ...(tool as unknown as JsonObject),
      description: tool.description ?? null,
      parameters: tool.parameters ?? null,
      strict: tool.strict ?? null,
    })),
    top_p: request.top_p ?? null,
    truncation: request.truncation ?? "disabled",
    metadata: request.metadata ?? {},
    ...(request.user === undefined || request.user === null ? {} : { user: request.user }),
  };
}

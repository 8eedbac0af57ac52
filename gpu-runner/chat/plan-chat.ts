import { MillraceError, type ChatRequest, type FunctionTool, type JsonObject } from "@millrace/core/contract";
import type { GenerateJob, ModelInfo } from "../engines/engine.ts";
import { jsonObjectGrammar, schemaGrammar } from "../grammar/schema-grammar.ts";
import { toolGrammar } from "../grammar/tool-grammar.ts";
import { engineMessages, type ToolUse } from "./chat-messages.ts";
import { refusePromptTooLong } from "./refuse-too-long.ts";
import { refuseUnknownInRequest, unsupported } from "./refuse-unknown.ts";
import { samplingOf, stopsOf, type SamplingDefaults } from "./sampling.ts";

const KNOWN = [
  ..."model messages temperature top_p seed n stop presence_penalty frequency_penalty logit_bias stream stream_options".split(
    " ",
  ),
  ..."max_tokens max_completion_tokens logprobs top_logprobs tools tool_choice parallel_tool_calls response_format".split(
    " ",
  ),
];

/** A chat request, decided: what to generate and how to read it. */
export interface ChatPlan {
  readonly jobs: readonly GenerateJob[];
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** How the text of a choice becomes a message. */
  readonly answer: "text" | "text-or-calls";
  /** The schema that a finished answer must satisfy; checked once more after the grammar. */
  readonly answerSchema: JsonObject | undefined;
}

/** @throws MillraceError naming the field that cannot be honoured. */
export function planChat(request: ChatRequest, model: ModelInfo, defaults: SamplingDefaults): ChatPlan {
  refuseUnknownInRequest(request, KNOWN);
  const tools = toolsOf(request);
  const format = formatOf(request);
  if (tools !== undefined && format.grammar !== undefined) {
    throw unsupported("response_format", "This runner takes `tools` or a JSON `response_format`, not both.");
  }
  const sampling = samplingOf(request, defaults, model);
  const prompt = { kind: "chat", messages: engineMessages(request.messages, tools?.use) } as const;
  refusePromptTooLong(prompt, model);
  const shared = {
    prompt,
    maxTokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
    stop: stopsOf(request.stop),
    grammar: tools?.grammar ?? format.grammar,
    topLogprobs: logprobsOf(request, tools !== undefined),
  };
  return {
    jobs: Array.from({ length: request.n ?? 1 }, (_, index) => ({ ...shared, sampling: sampling(index) })),
    stream: request.stream === true,
    includeUsage: request.stream === true && request.stream_options?.include_usage === true,
    answer: tools === undefined ? "text" : "text-or-calls",
    answerSchema: format.schema,
  };
}

function logprobsOf(request: ChatRequest, withTools: boolean): number | undefined {
  if (request.logprobs !== true) {
    if (request.top_logprobs) throw unsupported("top_logprobs", "`top_logprobs` needs `logprobs: true`.");
    return undefined;
  }
  if (withTools) throw unsupported("logprobs", "Log probabilities are not reported beside `tools`.");
  return request.top_logprobs ?? 0;
}

function formatOf(request: ChatRequest): { grammar: string | undefined; schema: JsonObject | undefined } {
  const format = request.response_format;
  if (format === undefined || format.type === "text") return { grammar: undefined, schema: undefined };
  if (format.type === "json_object" || format.json_schema.schema === undefined) {
    return { grammar: jsonObjectGrammar(), schema: undefined };
  }
  const { schema } = format.json_schema;
  return { grammar: schemaGrammar(schema, "response_format.json_schema.schema"), schema };
}

function toolsOf(request: ChatRequest): { use: ToolUse; grammar: string } | undefined {
  const choice = request.tool_choice ?? "auto";
  const tools = request.tools ?? [];
  if (tools.length === 0) {
    if (request.tool_choice === undefined || choice === "none" || choice === "auto") return undefined;
    throw new MillraceError("invalid-request", { param: "tool_choice", message: "`tool_choice` needs `tools`." });
  }
  if (choice === "none") return undefined;
  const offered = typeof choice === "string" ? tools : named(tools, choice.function.name);
  const mustCall = choice !== "auto";
  // Several calls only when the caller says so: a small model that may go on, goes on.
  const parallel = request.parallel_tool_calls === true && typeof choice === "string";
  return {
    use: { tools: offered, mustCall },
    grammar: toolGrammar({ tools: offered, textAllowed: !mustCall, parallel }),
  };
}

function named(tools: readonly FunctionTool[], name: string): FunctionTool[] {
  const found = tools.filter((tool) => tool.function.name === name);
  if (found.length > 0) return found;
  throw new MillraceError("invalid-request", {
    param: "tool_choice.function.name",
    message: `There is no tool named ${name}.`,
  });
}

import {
  countTokensRequestSchema,
  type JsonObject,
  type MessagesRequest,
  messagesRequestSchema,
  type MessageTool,
  MillraceError,
} from "@millrace/core/contract";
import { sha256Hex } from "@millrace/core/content";
import type { NativeRequest } from "../../exchange/model-call.ts";
import { validateRequest } from "../../http/validate-request.ts";
import { NativeOnly } from "./native-only.ts";
import { withoutUnsignedThinking } from "./native-request.ts";
import { ToolNames } from "./tool-names.ts";
import { type BlockContext, type Turn, turnMessages } from "./translate-blocks.ts";

/** A messages request in the pipeline's words. */
export interface TranslatedMessages {
  readonly fields: JsonObject;
  readonly native: NativeRequest;
  readonly nativeOnly: readonly string[];
  readonly names: ToolNames;
  /** Whether the caller asked to see how the model thinks. */
  readonly showThinking: boolean;
}

/** Fields that are translated below. */
const TRANSLATED = [
  ..."model messages system tools tool_choice output_config output_format prompt max_tokens metadata stream".split(" "),
  ..."stop_sequences temperature top_k top_p".split(" "),
];
/** Fields that change how Anthropic's API works and not what is asked: they reach it, and mean nothing to any other. */
const WITHOUT_EFFECT = ["cache_control", "context_management", "service_tier", "thinking"];
const TOOL_FIELDS = ["type", "name", "description", "input_schema", "strict"];
const TOOL_FIELDS_WITHOUT_EFFECT = ["cache_control", "eager_input_streaming", "input_examples"];

/** OpenAI's bound on `user`. */
const MAX_USER_CHARS = 64;

function refuseUnknown(fields: object, known: readonly string[], note: (field: string) => void): void {
  for (const [field, value] of Object.entries(fields)) {
    if (value !== undefined && value !== null && !known.includes(field)) note(field);
  }
}

function systemText(system: MessagesRequest["system"]): string | undefined {
  if (system === undefined || typeof system === "string") return system === "" ? undefined : system;
  const text = system.map((block) => block.text).join("\n\n");
  return text === "" ? undefined : text;
}

function toolsOf(tools: readonly MessageTool[], { names, nativeOnly }: BlockContext): JsonObject[] {
  return tools.flatMap((tool, index) => {
    const path = `tools[${index}]`;
    if (tool.type !== undefined && tool.type !== null && tool.type !== "custom") {
      nativeOnly.add(`${path}.type`, tool.type);
      return [];
    }
    refuseUnknown(tool, [...TOOL_FIELDS, ...TOOL_FIELDS_WITHOUT_EFFECT], (field) => {
      nativeOnly.add(`${path}.${field}`);
    });
    const { description, input_schema: parameters, strict } = tool;
    const described = {
      name: names.inward(tool.name),
      ...(description === undefined ? {} : { description }),
      ...(parameters === undefined ? {} : { parameters }),
      ...(strict === undefined ? {} : { strict }),
    };
    return [{ type: "function", function: described }];
  });
}

function choiceOf(choice: MessagesRequest["tool_choice"], names: ToolNames): JsonObject {
  if (choice === undefined) return {};
  const single = choice["disable_parallel_tool_use"] === true ? { parallel_tool_calls: false } : {};
  switch (choice.type) {
    case "auto":
    case "none":
      return { tool_choice: choice.type, ...single };
    case "any":
      return { tool_choice: "required", ...single };
    case "tool":
      return { tool_choice: { type: "function", function: { name: names.inward(choice.name) } }, ...single };
  }
}

function formatOf(request: MessagesRequest): JsonObject {
  const format = request.output_config?.format ?? request.output_format;
  if (format === undefined || format === null) return {};
  const { schema } = format;
  return { response_format: { type: "json_schema", json_schema: { name: "answer", schema, strict: true } } };
}

function userOf(request: MessagesRequest): JsonObject {
  const user = request.metadata?.user_id;
  if (user === undefined || user === null) return {};
  return { user: user.length <= MAX_USER_CHARS ? user : sha256Hex(user) };
}

function given(fields: Readonly<Record<string, unknown>>): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as JsonObject;
}

function checkRequired(request: MessagesRequest, counting: boolean): void {
  const isPrompt = request.model.startsWith("prompt:");
  const absent = [
    ...(request.messages === undefined ? ["messages"] : []),
    ...(request.max_tokens === undefined && !counting ? ["max_tokens"] : []),
  ];
  const [param] = absent;
  if (param === undefined || isPrompt) return;
  throw new MillraceError("invalid-request", { param, message: `${param}: Field required` });
}

function optionsOf(request: MessagesRequest): JsonObject {
  const effort = request.output_config?.effort;
  const stream = request.stream === true;
  return {
    ...given({
      max_tokens: request.max_tokens,
      temperature: request.temperature,
      top_p: request.top_p,
      top_k: request.top_k,
      stop: request.stop_sequences,
      prompt: request.prompt,
    }),
    ...(effort === undefined || effort === null ? {} : { reasoning_effort: effort }),
    ...formatOf(request),
    ...userOf(request),
    ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
  };
}

export interface MessagesContext {
  readonly betas: readonly string[];
  /** For count_tokens, which needs no `max_tokens`. */
  readonly counting: boolean;
}

/**
 * Anthropic's words as OpenAI's. `thinking` and `cache_control` reach Anthropic itself and mean nothing elsewhere: they allow, they do not order.
 * @throws MillraceError `invalid-request` that names the field.
 */
export function translateMessages(body: Readonly<JsonObject>, context: MessagesContext): TranslatedMessages {
  validateRequest(context.counting ? countTokensRequestSchema : messagesRequestSchema, body);
  // It passed its schema, which only looks.
  const request = body as unknown as MessagesRequest;
  checkRequired(request, context.counting);
  const blocks: BlockContext = { names: new ToolNames(), nativeOnly: new NativeOnly() };
  refuseUnknown(request, [...TRANSLATED, ...WITHOUT_EFFECT], (field) => {
    blocks.nativeOnly.add(field);
  });
  const system = systemText(request.system);
  const turns = (request.messages ?? []) as readonly Turn[];
  const tools = toolsOf(request.tools ?? [], blocks);
  const fields: JsonObject = {
    model: request.model,
    messages: [
      ...(system === undefined ? [] : [{ role: "system", content: system }]),
      ...turns.flatMap((turn, index) => turnMessages(turn, `messages[${index}]`, blocks)),
    ],
    ...optionsOf(request),
    ...(tools.length === 0 ? {} : { tools, ...choiceOf(request.tool_choice, blocks.names) }),
  };
  const thinking = request.thinking?.type;
  return {
    fields,
    native: { dialect: "anthropic", fields: withoutUnsignedThinking(body), betas: context.betas },
    nativeOnly: blocks.nativeOnly.names,
    names: blocks.names,
    showThinking: thinking === "enabled" || thinking === "adaptive",
  };
}

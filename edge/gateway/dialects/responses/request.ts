import {
  type JsonObject,
  MillraceError,
  type ResponseFunctionTool,
  type ResponsesRequest,
  responsesRequestSchema,
  type ResponseTextFormat,
} from "@millrace/core/contract";
import { validateRequest } from "../../http/validate-request.ts";

/** Fields that are translated or answered here. */
const KNOWN = new Set(
  (
    "model input instructions include max_output_tokens metadata parallel_tool_calls previous_response_id prompt reasoning " +
    "safety_identifier service_tier store stream stream_options temperature text tool_choice tools top_logprobs top_p truncation user"
  ).split(" "),
);
/** Hints to OpenAI's own servers, and bounds on tools that are refused anyway: they change no answer. */
const WITHOUT_EFFECT = new Set([
  "client_metadata",
  "max_tool_calls",
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
]);
const INCLUDABLE = new Set([
  "message.input_image.image_url",
  "message.output_text.logprobs",
  // Thoughts are not encrypted here: there is nothing to include.
  "reasoning.encrypted_content",
]);
const LOGPROBS = "message.output_text.logprobs";

function refuse(param: string, message: string): MillraceError {
  return new MillraceError("unsupported-parameter", { param, message: `${param}: ${message}` });
}

const isGiven = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0);

function refuseUnsupported(request: ResponsesRequest): void {
  if (request["background"] === true) throw refuse("background", "responses are answered while the caller waits.");
  if (isGiven(request["conversation"]))
    throw refuse("conversation", "go on with `previous_response_id`, or send the items.");
  for (const [field, value] of Object.entries(request)) {
    if (isGiven(value) && !KNOWN.has(field) && !WITHOUT_EFFECT.has(field)) throw refuse(field, "is not supported.");
  }
  for (const [index, name] of (request.include ?? []).entries()) {
    if (!INCLUDABLE.has(name)) throw refuse(`include[${index}]`, `${name} is not supported.`);
  }
}

function functionsOf(tools: ResponsesRequest["tools"]): readonly ResponseFunctionTool[] {
  return (tools ?? []).map((tool, index) => {
    if (tool.type === "function") return tool as ResponseFunctionTool;
    throw refuse(
      `tools[${index}].type`,
      `${tool.type} is a tool that the provider would run; only functions are supported.`,
    );
  });
}

function chatTool({ name, description, parameters, strict }: ResponseFunctionTool): JsonObject {
  return {
    type: "function",
    function: {
      name,
      ...(description === undefined || description === null ? {} : { description }),
      ...(parameters === undefined || parameters === null ? {} : { parameters }),
      ...(strict === undefined || strict === null ? {} : { strict }),
    },
  };
}

function chatChoice(choice: ResponsesRequest["tool_choice"]): JsonObject {
  if (choice === undefined || choice === null) return {};
  if (typeof choice === "string") return { tool_choice: choice };
  if (choice.type === "function" && typeof choice["name"] === "string")
    return { tool_choice: { type: "function", function: { name: choice["name"] } } };
  throw refuse("tool_choice.type", `${choice.type} is not supported.`);
}

function chatFormat(format: ResponseTextFormat | null | undefined): JsonObject {
  if (format === undefined || format === null || format.type === "text") return {};
  if (format.type === "json_object") return { response_format: { type: "json_object" } };
  const { name, schema, description, strict } = format as Extract<ResponseTextFormat, { name: string }>;
  const described = description === undefined ? {} : { description };
  const strictly = strict === undefined || strict === null ? {} : { strict };
  return { response_format: { type: "json_schema", json_schema: { name, schema, ...described, ...strictly } } };
}

/** `prompt.id` is OpenAI's way to say `model: "prompt:<name>"`. */
function modelOf({ model, prompt }: ResponsesRequest): string {
  const id = prompt?.id;
  if (id === undefined) {
    if (model !== undefined && model !== null) return model;
    throw new MillraceError("invalid-request", { param: "model", message: "model: is needed, or `prompt.id`." });
  }
  const version = prompt?.version;
  const named = `prompt:${id}${version === undefined || version === null ? "" : `@${version}`}`;
  if (model === undefined || model === null || model === named) return named;
  throw refuse("model", "a named prompt says its own model; leave one of `model` and `prompt.id` out.");
}

function promptOf({ prompt }: ResponsesRequest): JsonObject {
  if (prompt === undefined || prompt === null) return {};
  const { id: _id, version: _version, variables, ...rest } = prompt;
  return {
    prompt: { ...(rest as JsonObject), ...(variables === undefined || variables === null ? {} : { variables }) },
  };
}

function present(fields: Readonly<Record<string, unknown>>): JsonObject {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(entries) as JsonObject;
}

function sampling(request: ResponsesRequest): JsonObject {
  const wantsLogprobs = (request.include ?? []).includes(LOGPROBS) || (request.top_logprobs ?? 0) > 0;
  const tier = request.service_tier;
  return {
    ...present({
      max_tokens: request.max_output_tokens,
      temperature: request.temperature,
      top_p: request.top_p,
      reasoning_effort: request.reasoning?.effort,
      verbosity: request.text?.verbosity,
      parallel_tool_calls: request.parallel_tool_calls,
      user: request.user ?? request.safety_identifier,
      metadata: request.metadata,
      service_tier: tier === "auto" || tier === "default" ? undefined : tier,
    }),
    ...(wantsLogprobs ? { logprobs: true, ...present({ top_logprobs: request.top_logprobs }) } : {}),
  };
}

/** A responses request that can be answered: what it asks of the model, but for the conversation. */
export interface CheckedRequest {
  readonly request: ResponsesRequest;
  readonly model: string;
  readonly tools: readonly ResponseFunctionTool[];
  readonly fields: JsonObject;
}

/** @throws MillraceError `invalid-request` or `unsupported-parameter` that names the field. */
export function checkRequest(body: Readonly<JsonObject>): CheckedRequest {
  validateRequest(responsesRequestSchema, body);
  // It passed its schema, which only looks.
  const request = body as unknown as ResponsesRequest;
  refuseUnsupported(request);
  const model = modelOf(request);
  const tools = functionsOf(request.tools);
  const stream = request.stream === true;
  const fields: JsonObject = {
    model,
    ...sampling(request),
    ...chatFormat(request.text?.format),
    ...(tools.length === 0 ? {} : { tools: tools.map(chatTool), ...chatChoice(request.tool_choice) }),
    ...promptOf(request),
    ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
  };
  return { request, model, tools, fields };
}

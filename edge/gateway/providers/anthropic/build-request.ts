import { type ChatRequest, MillraceError } from "@millrace/core/contract";
import type { ModelCall } from "../../exchange/model-call.ts";
import { asFields } from "../../json/vendor-json.ts";
import { chatRequestOf, stopsOf, tokenLimitOf } from "../native-wire/chat-request.ts";
import { effortOf } from "../native-wire/effort-of.ts";
import { mergeOptions, providerOptions } from "../native-wire/provider-options.ts";
import { unsupported } from "../native-wire/refuse-fields.ts";
import type { Block } from "./convert-content.ts";
import { convertMessages } from "./convert-messages.ts";
import { convertTools, jsonTool } from "./convert-tools.ts";
import { type ModelTraits, modelTraits } from "./model-traits.ts";
import { thinkingOf } from "./thinking-of.ts";

const WHO = "Anthropic";
const OWN_WORDS = "say it as `provider_options.anthropic`";

export interface NativeBody {
  readonly body: Block;
  readonly betas: readonly string[];
  /** The answer is the input of our own tool. */
  readonly answersByTool: boolean;
}

function sampling(request: ChatRequest): Block {
  const { temperature, top_p } = request;
  if (typeof temperature === "number" && temperature > 1) throw unsupported("temperature", WHO, "its scale ends at 1");
  const sequences = stopsOf(request);
  return {
    ...(typeof temperature === "number" ? { temperature } : {}),
    ...(typeof top_p === "number" ? { top_p } : {}),
    ...(request["top_k"] === undefined || request["top_k"] === null ? {} : { top_k: request["top_k"] }),
    ...(sequences.length === 0 ? {} : { stop_sequences: sequences }),
  };
}

function thinking(request: ChatRequest, traits: ModelTraits, maxTokens: number): Block {
  const effort = effortOf(request, WHO);
  return effort === undefined ? {} : thinkingOf(effort, { traits, maxTokens, who: WHO });
}

/** A schema that must hold exactly is the output format's; one that is a wish is a tool's, which takes every schema. */
function outputFormat(request: ChatRequest, traits: ModelTraits): Block {
  const format = request.response_format;
  if (format === undefined || format.type === "text") return {};
  const hasTools = (request.tools ?? []).length > 0;
  if (format.type === "json_object") {
    if (hasTools) throw unsupported("response_format", WHO, "beside tools it needs a schema");
    return jsonTool({ type: "object" }, undefined);
  }
  const { schema, description, strict } = format.json_schema;
  if (traits.structuredOutputs && schema !== undefined && (strict === true || hasTools))
    return { output_config: { format: { type: "json_schema", schema } } };
  if (strict === true || hasTools) throw unsupported("response_format", WHO, "this model has no output format");
  return jsonTool({ type: "object", ...schema }, description);
}

function account(request: ChatRequest): Block {
  const user = request["safety_identifier"] ?? request.user;
  const tier = request["service_tier"];
  if (tier !== undefined && tier !== null && tier !== "auto" && tier !== "default")
    throw unsupported("service_tier", WHO, `${OWN_WORDS}.service_tier`);
  return {
    ...(typeof user === "string" && user !== "" ? { metadata: { user_id: user } } : {}),
    ...(tier === "default" ? { service_tier: "standard_only" } : {}),
  };
}

/** Feature switches are a header to Anthropic; in `provider_options` they stand beside the rest. */
function takeBetas(body: Record<string, unknown>): readonly string[] {
  const { betas } = body;
  delete body["betas"];
  if (betas === undefined) return [];
  if (Array.isArray(betas) && betas.every((name) => typeof name === "string")) return betas;
  const param = "provider_options.anthropic.betas";
  throw new MillraceError("invalid-request", { param, message: `\`${param}\` is a list of names.` });
}

/** A chat request in Anthropic's form. Nothing is dropped: what cannot be said is refused by its name. */
export function buildRequest(call: ModelCall): NativeBody {
  const request = chatRequestOf(call, { who: WHO, fields: ["safety_identifier", "service_tier"] });
  const { model } = call.target;
  const traits = modelTraits(model);
  const maxTokens = tokenLimitOf(request) ?? traits.maxOutputTokens;
  const { system, messages } = convertMessages(request.messages);
  const format = outputFormat(request, traits);
  const parts: readonly Block[] = [
    { model, max_tokens: maxTokens, messages },
    system.length === 0 ? {} : { system },
    sampling(request),
    convertTools(request),
    thinking(request, traits, maxTokens),
    format,
    account(request),
    call.stream ? { stream: true } : {},
  ];
  const body = parts.reduce<Record<string, unknown>>(mergeOptions, {});
  const merged = mergeOptions(body, asFields(providerOptions(request, "anthropic")) ?? {});
  return { betas: takeBetas(merged), body: merged, answersByTool: "tool_choice" in format };
}

/** A request that the caller wrote in Anthropic's form already. */
export function passRequest(call: ModelCall & { readonly native: NonNullable<ModelCall["native"]> }): NativeBody {
  const { fields, betas } = call.native;
  const body: Block = { ...fields, model: call.target.model, stream: call.stream };
  return { body, betas, answersByTool: false };
}

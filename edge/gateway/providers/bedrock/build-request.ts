import type { ChatRequest } from "@millrace/core/contract";
import type { ModelCall } from "../../exchange/model-call.ts";
import { modelTraits } from "../anthropic/model-traits.ts";
import { thinkingOf } from "../anthropic/thinking-of.ts";
import { chatRequestOf, stopsOf, tokenLimitOf } from "../native-wire/chat-request.ts";
import { effortOf } from "../native-wire/effort-of.ts";
import { mergeOptions, providerOptions } from "../native-wire/provider-options.ts";
import { unsupported } from "../native-wire/refuse-fields.ts";
import type { Block } from "./convert-content.ts";
import { convertMessages } from "./convert-messages.ts";
import { convertTools, jsonTool } from "./convert-tools.ts";
import { type ModelFamily, modelFamily } from "./model-family.ts";

const WHO = "Bedrock";

export interface NativeBody {
  readonly body: Block;
  /** The answer is the input of our own tool. */
  readonly answersByTool: boolean;
}

function inference(request: ChatRequest): Block {
  const { temperature, top_p } = request;
  const maxTokens = tokenLimitOf(request);
  const stopSequences = stopsOf(request);
  const config = {
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(typeof temperature === "number" ? { temperature } : {}),
    ...(typeof top_p === "number" ? { topP: top_p } : {}),
    ...(stopSequences.length === 0 ? {} : { stopSequences }),
  };
  return Object.keys(config).length === 0 ? {} : { inferenceConfig: config };
}

/** What Converse has no common word for goes to the model in its own. */
function modelFields(request: ChatRequest, model: string, family: ModelFamily): Block {
  const fields: Block = {};
  if (request["top_k"] !== undefined && request["top_k"] !== null) {
    if (family.name !== "claude") throw unsupported("top_k", WHO, "say it as `provider_options.bedrock`");
    fields["top_k"] = request["top_k"];
  }
  const effort = effortOf(request, WHO);
  if (effort !== undefined) {
    if (family.name === "gpt-oss") fields["reasoning_effort"] = effort;
    else if (family.name !== "claude") throw unsupported("reasoning_effort", WHO);
    else {
      const traits = modelTraits(model);
      const maxTokens = tokenLimitOf(request) ?? traits.maxOutputTokens;
      Object.assign(fields, thinkingOf(effort, { traits, maxTokens, who: WHO }));
    }
  }
  return Object.keys(fields).length === 0 ? {} : { additionalModelRequestFields: fields };
}

/** By the model's own format where it has one and must keep to it, else by a tool that it must call. */
function outputFormat(request: ChatRequest, family: ModelFamily): Block {
  const format = request.response_format;
  if (format === undefined || format.type === "text") return {};
  const hasTools = (request.tools ?? []).length > 0;
  const byTool = family.namedTool && !hasTools;
  if (format.type === "json_object") {
    if (!byTool) throw unsupported("response_format", WHO, "it needs a schema here");
    return jsonTool({ type: "object" }, undefined);
  }
  const { name, description, schema, strict } = format.json_schema;
  if (byTool && (strict !== true || !family.outputFormat)) return jsonTool({ type: "object", ...schema }, description);
  if (!family.outputFormat) throw unsupported("response_format", WHO, "this model takes no schema beside tools");
  const jsonSchema = {
    name,
    ...(description === undefined ? {} : { description }),
    schema: JSON.stringify(schema ?? { type: "object" }),
  };
  return { outputConfig: { textFormat: { type: "json_schema", structure: { jsonSchema } } } };
}

/** A chat request in Converse's form. Nothing is dropped: what cannot be said is refused by its name. */
export function buildRequest(call: ModelCall): NativeBody {
  const request = chatRequestOf(call, { who: WHO });
  const { model } = call.target;
  const family = modelFamily(model);
  const { system, messages } = convertMessages(request.messages);
  const format = outputFormat(request, family);
  const body = {
    messages,
    ...(system.length === 0 ? {} : { system }),
    ...inference(request),
    ...convertTools(request, family),
    ...modelFields(request, model, family),
    ...format,
  };
  return { body: mergeOptions(body, providerOptions(request, "bedrock")), answersByTool: "toolConfig" in format };
}

import type { ChatRequest } from "@millrace/core/contract";
import type { ModelCall } from "../../exchange/model-call.ts";
import { mergeOptions, providerOptions } from "../native-wire/provider-options.ts";
import { refuseRequestFields } from "../native-wire/refuse-fields.ts";
import { convertMessages } from "./convert-messages.ts";
import { convertTools } from "./convert-tools.ts";
import { GENERATION_FIELDS, generationConfig } from "./generation-config.ts";

const KNOWN = new Set([...GENERATION_FIELDS, "messages", "tools", "tool_choice", "parallel_tool_calls"]);

/** A chat request in Gemini's form. Nothing is dropped: what cannot be said is refused by its name. */
export function buildRequest(call: ModelCall): Record<string, unknown> {
  // Validated at the route against the schema that this type comes from.
  const request = call.fields as unknown as ChatRequest;
  refuseRequestFields(request, { known: KNOWN, who: "Gemini" });
  const { model } = call.target;
  const { system, contents } = convertMessages(request.messages, model);
  const config = generationConfig(request, model);
  const body = {
    contents,
    ...(system.length === 0 ? {} : { systemInstruction: { parts: system } }),
    ...(Object.keys(config).length === 0 ? {} : { generationConfig: config }),
    ...convertTools(request),
  };
  return mergeOptions(body, providerOptions(request, "gemini"));
}

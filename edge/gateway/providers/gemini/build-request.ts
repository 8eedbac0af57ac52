import type { ModelCall } from "../../exchange/model-call.ts";
import { chatRequestOf } from "../native-wire/chat-request.ts";
import { mergeOptions, providerOptions } from "../native-wire/provider-options.ts";
import { convertMessages } from "./convert-messages.ts";
import { convertTools } from "./convert-tools.ts";
import { GENERATION_FIELDS, generationConfig } from "./generation-config.ts";

/** A chat request in Gemini's form. Nothing is dropped: what cannot be said is refused by its name. */
export function buildRequest(call: ModelCall): Record<string, unknown> {
  const request = chatRequestOf(call, { who: "Gemini", fields: GENERATION_FIELDS });
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

import type { JsonObject, JsonValue } from "@millrace/core/contract";
import type { ModelCall } from "../../exchange/model-call.ts";
import { asFields } from "../../json/vendor-json.ts";
import { mergeOptions, providerOptions } from "../native-wire/provider-options.ts";
import { editMembers, type Edits } from "./edit-members.ts";

/** What another provider's answer held of its own, and the client sent back with the message: nothing here can read it. */
function withoutProviderFields(message: JsonValue): JsonValue {
  const fields = asFields(message);
  if (fields === undefined || !("provider_fields" in fields)) return message;
  const { provider_fields: _others, ...rest } = fields;
  return rest as JsonObject;
}

/** What is said to this kind in `provider_options` becomes members of the request; what is said to others is theirs. */
function ownOptions(call: ModelCall): Edits {
  const { fields } = call;
  if (!("provider_options" in fields)) return {};
  const options = providerOptions(fields, call.target.provider.kind);
  const merged = mergeOptions(fields, options);
  const own = Object.fromEntries(Object.keys(options).map((name) => [name, merged[name] as JsonValue]));
  return { ...own, provider_options: undefined };
}

/**
 * The request as a server that speaks OpenAI's format may see it: without the sections that only providers with a format of their own read. The
 * same call where there are none, so that the caller's bytes stay as they are.
 */
export function withoutNativeFields(call: ModelCall): ModelCall {
  const { messages } = call.fields;
  const given = Array.isArray(messages) ? messages : [];
  const plain = given.map(withoutProviderFields);
  const edits: Edits = {
    ...(plain.some((message, index) => message !== given[index]) ? { messages: plain } : {}),
    ...ownOptions(call),
  };
  if (Object.keys(edits).length === 0) return call;
  const edited = Object.entries({ ...call.fields, ...edits }).filter(
    (entry): entry is [string, JsonValue] => entry[1] !== undefined,
  );
  return { ...call, fields: Object.fromEntries(edited), text: editMembers(call.text, edits) };
}

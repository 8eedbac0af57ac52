import { type JsonObject, MillraceError, type ToolCall } from "@millrace/core/contract";
import { asFields } from "../../json/vendor-json.ts";

/** A tool call's arguments as the object that native formats want. @throws MillraceError `invalid-request`. */
export function toolArguments(call: ToolCall, path: string): JsonObject {
  const text = call.function.arguments;
  if (text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Told below, as for any other value that is no object.
  }
  const fields = asFields(value);
  if (fields !== undefined) return fields as JsonObject;
  const param = `${path}.function.arguments`;
  throw new MillraceError("invalid-request", { param, message: `\`${param}\` is not a JSON object.` });
}

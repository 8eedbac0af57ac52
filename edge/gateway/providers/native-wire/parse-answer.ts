import { asFields, type Fields } from "../../json/vendor-json.ts";
import { garbage } from "./post-native.ts";

/** A JSON object out of a vendor's text. @throws MillraceError `upstream-garbage`. */
export function parseAnswer(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw garbage(/^\s*</.test(text) ? "a web page" : text.trim() === "" ? "nothing" : "text that is not JSON");
  }
  const fields = asFields(value);
  if (fields === undefined) throw garbage("JSON that is not an object");
  return fields;
}

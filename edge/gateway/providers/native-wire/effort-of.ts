import { asText, type Fields } from "../../json/vendor-json.ts";
import { unsupported } from "./refuse-fields.ts";

/** `reasoning_effort` of a request; undefined when it says nothing of it. @throws MillraceError for anything but a word. */
export function effortOf(request: Fields, who: string): string | undefined {
  const value = request["reasoning_effort"];
  if (value === undefined || value === null) return undefined;
  const effort = asText(value);
  if (effort === undefined) throw unsupported("reasoning_effort", who);
  return effort;
}

import { MillraceError } from "@millrace/core/contract";
import { asFields, type Fields } from "../../json/vendor-json.ts";

/** One event of a stream. @throws MillraceError `upstream-garbage` when it is not a JSON object. */
export function parseEvent(data: string): Fields {
  try {
    const event = asFields(JSON.parse(data));
    if (event !== undefined) return event;
  } catch {
    // A corrupt event is a fault, not one to skip: what it said is missing from the answer.
  }
  throw new MillraceError("upstream-garbage", { message: "The model's stream held an event that is not JSON." });
}

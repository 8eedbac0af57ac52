import type { JsonObject } from "@millrace/core/contract";
import type { JsonBody } from "../http/read-json-body.ts";

/** A translated request in place of the received one, whose size it keeps: that is what the caller sent. */
export function translatedBody(received: JsonBody, fields: JsonObject): JsonBody {
  return { text: JSON.stringify(fields), bytes: received.bytes, fields, members: undefined };
}

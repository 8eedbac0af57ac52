import type { JsonObject } from "@millrace/core/contract";
import type { JsonBody } from "../../http/read-json-body.ts";
import { rewriteMembers } from "../../http/rewrite-members.ts";

export interface UpstreamTextInput {
  /** With the target's model name. */
  readonly fields: Readonly<JsonObject>;
  /** What the caller sent, when the model gets just that. */
  readonly caller: JsonBody | undefined;
  readonly stream: boolean;
}

/** Usage is always asked for: what a stream cost must be known even when the caller does not care. */
function streamOptions(fields: Readonly<JsonObject>): JsonObject {
  const options = fields["stream_options"];
  const own = typeof options === "object" && options !== null && !Array.isArray(options) ? options : {};
  return { ...own, include_usage: true };
}

/** The request as JSON text: the caller's own bytes with the model's name changed, or the rendered request. */
export function upstreamText({ fields, caller, stream }: UpstreamTextInput): string {
  const options = stream ? { stream_options: streamOptions(fields) } : {};
  if (caller?.members === undefined) return JSON.stringify({ ...fields, ...options });
  const values: Record<string, string> = { model: JSON.stringify(fields["model"]) };
  if (stream) values["stream_options"] = JSON.stringify(options.stream_options);
  return rewriteMembers(caller.text, caller.members, values);
}

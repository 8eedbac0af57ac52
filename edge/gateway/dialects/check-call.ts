import { MillraceError } from "@millrace/core/contract";
import { isJson } from "../json/is-json.ts";

export interface ToldCall {
  readonly name: string | undefined;
  readonly arguments: string;
}

/** A call that the model says is over. No arguments at all are an empty object. @throws MillraceError `upstream-garbage` for half a call. */
export function checkCall(call: ToldCall): void {
  if (call.name !== undefined && (call.arguments.trim() === "" || isJson(call.arguments))) return;
  throw new MillraceError("upstream-garbage", {
    message: "The model called a tool with arguments that are not JSON.",
  });
}

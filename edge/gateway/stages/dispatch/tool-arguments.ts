import { MillraceError } from "@millrace/core/contract";
import { isJson } from "../../json/is-json.ts";
import { asFields, asList, asText } from "../../json/vendor-json.ts";

/** The fault of an answer whose tool calls cannot be made; undefined when all can. */
export function faultyArguments(calls: Iterable<string>): MillraceError | undefined {
  for (const text of calls) {
    // A call without arguments comes as an empty text from some servers.
    if (text.trim() === "" || isJson(text)) continue;
    return new MillraceError("upstream-garbage", { message: "The model's tool call has arguments that are not JSON." });
  }
  return undefined;
}

/** The arguments of every tool call of a whole answer that claims to be complete: one that reached its length limit may end anywhere. */
export function argumentsOf(body: Readonly<Record<string, unknown>>): string[] {
  return asList(body["choices"]).flatMap((value) => {
    const choice = asFields(value);
    if (choice?.["finish_reason"] === "length") return [];
    return asList(asFields(choice?.["message"])?.["tool_calls"]).flatMap(
      (call) => asText(asFields(asFields(call)?.["function"])?.["arguments"]) ?? [],
    );
  });
}

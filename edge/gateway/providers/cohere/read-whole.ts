import { MillraceError, type ModelEvent } from "@millrace/core/contract";
import type { WholeAnswer } from "../../exchange/answer.ts";
import { asFields, asText, type Fields } from "../../json/vendor-json.ts";
import { endEvents } from "../native-wire/end-of-answer.ts";
import { listOfFields } from "../native-wire/list-of-fields.ts";
import { parseAnswer } from "../native-wire/parse-answer.ts";
import { garbage } from "../native-wire/post-native.ts";
import { wholeOfEvents } from "../native-wire/whole-of-events.ts";
import { mapFinishReason } from "./map-finish-reason.ts";
import { providerFields } from "./provider-fields.ts";
import { readUsage } from "./read-usage.ts";

function messageEvents(message: Fields): ModelEvent[] {
  const events: ModelEvent[] = [];
  const plan = asText(message["tool_plan"]);
  if (plan !== undefined && plan !== "") events.push({ type: "reasoning", choice: 0, text: plan });
  for (const item of listOfFields(message["content"])) {
    const [text, thought] = [asText(item["text"]), asText(item["thinking"])];
    if (text !== undefined) events.push({ type: "text", choice: 0, text, logprobs: undefined });
    if (thought !== undefined) events.push({ type: "reasoning", choice: 0, text: thought });
  }
  for (const [index, call] of listOfFields(message["tool_calls"]).entries()) {
    const [id, target] = [asText(call["id"]), asFields(call["function"])];
    const text = asText(target?.["arguments"]) ?? "";
    events.push({
      type: "tool-call",
      choice: 0,
      index,
      id,
      name: asText(target?.["name"]),
      argumentsDelta: text === "" ? "{}" : text,
    });
  }
  return events;
}

/** A whole answer of Cohere's in OpenAI's form. @throws MillraceError `upstream-garbage`, `upstream-truncated`. */
export function readWhole(text: string, options: { readonly model: string; readonly nowMs: number }): WholeAnswer {
  const answer = parseAnswer(text);
  const message = asFields(answer["message"]);
  if (message === undefined) throw garbage("JSON that holds no message");
  const rawReason = asText(answer["finish_reason"]);
  if (rawReason === undefined)
    throw new MillraceError("upstream-truncated", { message: "The model's server answered without a finish reason." });
  const reason = mapFinishReason(rawReason);
  const usage = readUsage(asFields(answer["usage"]) ?? {});
  const members = {
    finish_reason: rawReason,
    tool_plan: message["tool_plan"],
    citations: message["citations"],
    logprobs: answer["logprobs"],
    usage: answer["usage"],
  };
  const { model, nowMs } = options;
  return wholeOfEvents({ id: asText(answer["id"]) ?? "", model, createdSeconds: Math.floor(nowMs / 1000) }, [
    ...messageEvents(message),
    ...endEvents({ fields: providerFields(listOfFields(message["content"]), members), reason, rawReason, usage }),
  ]);
}

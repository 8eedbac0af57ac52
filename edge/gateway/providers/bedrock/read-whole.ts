import { MillraceError, type ModelEvent } from "@millrace/core/contract";
import type { WholeAnswer } from "../../exchange/answer.ts";
import { asFields, asText, type Fields } from "../../json/vendor-json.ts";
import type { AnswerHead } from "../native-wire/chunk-writer.ts";
import { endEvents } from "../native-wire/end-of-answer.ts";
import { JSON_TOOL } from "../native-wire/json-tool.ts";
import { listOfFields } from "../native-wire/list-of-fields.ts";
import { parseAnswer } from "../native-wire/parse-answer.ts";
import { garbage } from "../native-wire/post-native.ts";
import { wholeOfEvents } from "../native-wire/whole-of-events.ts";
import { mapStopReason } from "./map-stop-reason.ts";
import { ANSWER_MEMBERS, providerFields } from "./provider-fields.ts";
import { readUsage } from "./read-usage.ts";

function blockEvents(content: readonly Fields[], answersByTool: boolean): ModelEvent[] {
  const events: ModelEvent[] = [];
  let calls = 0;
  for (const block of content) {
    const [text, tool] = [asText(block["text"]), asFields(block["toolUse"])];
    const thought = asText(asFields(asFields(block["reasoningContent"])?.["reasoningText"])?.["text"]);
    if (text !== undefined) events.push({ type: "text", choice: 0, text, logprobs: undefined });
    if (thought !== undefined) events.push({ type: "reasoning", choice: 0, text: thought });
    if (tool === undefined) continue;
    const json = JSON.stringify(tool["input"] ?? {});
    if (answersByTool && tool["name"] === JSON_TOOL) {
      events.push({ type: "text", choice: 0, text: json, logprobs: undefined });
      continue;
    }
    const [id, name] = [asText(tool["toolUseId"]), asText(tool["name"])];
    events.push({ type: "tool-call", choice: 0, index: calls++, id, name, argumentsDelta: json });
  }
  return events;
}

/** A whole answer of Converse's in OpenAI's form. @throws MillraceError `upstream-garbage`, `upstream-truncated`. */
export function readWhole(text: string, head: AnswerHead, answersByTool: boolean): WholeAnswer {
  const answer = parseAnswer(text);
  const message = asFields(asFields(answer["output"])?.["message"]);
  if (message === undefined) throw garbage("JSON that holds no message");
  const rawReason = asText(answer["stopReason"]);
  if (rawReason === undefined)
    throw new MillraceError("upstream-truncated", { message: "The model's server answered without a stop reason." });
  const content = listOfFields(message["content"]);
  const usage = readUsage(asFields(answer["usage"]) ?? {});
  const members = Object.fromEntries(ANSWER_MEMBERS.map((name) => [name, answer[name]]));
  const reason = mapStopReason(rawReason, answersByTool);
  return wholeOfEvents(head, [
    ...blockEvents(content, answersByTool),
    ...endEvents({ fields: providerFields(content, members), reason, rawReason, usage }),
  ]);
}

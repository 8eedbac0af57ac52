import { MillraceError, type ModelEvent } from "@millrace/core/contract";
import type { WholeAnswer } from "../../exchange/answer.ts";
import { asFields, asText, type Fields } from "../../json/vendor-json.ts";
import { endEvents } from "../native-wire/end-of-answer.ts";
import { listOfFields } from "../native-wire/list-of-fields.ts";
import { parseAnswer } from "../native-wire/parse-answer.ts";
import { garbage } from "../native-wire/post-native.ts";
import { wholeOfEvents } from "../native-wire/whole-of-events.ts";
import { JSON_TOOL } from "../native-wire/json-tool.ts";
import { mapStopReason } from "./map-stop-reason.ts";
import { ANSWER_MEMBERS, providerFields } from "./provider-fields.ts";
import { readUsage } from "./read-usage.ts";

export interface ReadOptions {
  readonly nowMs: number;
  readonly answersByTool: boolean;
}

/** The blocks of a whole answer as events. */
function blockEvents(content: readonly Fields[], answersByTool: boolean): ModelEvent[] {
  const events: ModelEvent[] = [];
  let tools = 0;
  for (const block of content) {
    const [text, thought, input] = [asText(block["text"]), asText(block["thinking"]), asFields(block["input"]) ?? {}];
    if (block["type"] === "text" && text !== undefined)
      events.push({ type: "text", choice: 0, text, logprobs: undefined });
    else if (block["type"] === "thinking") events.push({ type: "reasoning", choice: 0, text: thought ?? "" });
    else if (block["type"] !== "tool_use") continue;
    else if (answersByTool && block["name"] === JSON_TOOL)
      events.push({ type: "text", choice: 0, text: JSON.stringify(input), logprobs: undefined });
    else {
      const [id, name] = [asText(block["id"]), asText(block["name"])];
      events.push({ type: "tool-call", choice: 0, index: tools++, id, name, argumentsDelta: JSON.stringify(input) });
    }
  }
  return events;
}

/** A whole message of Anthropic's in OpenAI's form. @throws MillraceError `upstream-garbage`, `upstream-truncated`. */
export function readWhole(text: string, options: ReadOptions): WholeAnswer {
  const message = parseAnswer(text);
  if (message["type"] !== "message" || !Array.isArray(message["content"])) throw garbage("JSON that is not a message");
  const rawReason = asText(message["stop_reason"]);
  if (rawReason === undefined)
    throw new MillraceError("upstream-truncated", { message: "The model's server answered without a stop reason." });
  const content = listOfFields(message["content"]);
  const members: Record<string, unknown> = { usage: message["usage"] };
  for (const name of ANSWER_MEMBERS) members[name] = message[name];
  const usage = readUsage(asFields(message["usage"]) ?? {});
  const reason = mapStopReason(rawReason, options.answersByTool);
  const events: ModelEvent[] = [
    ...blockEvents(content, options.answersByTool),
    ...endEvents({ fields: providerFields({ content, members }), reason, rawReason, usage }),
  ];
  const head = {
    id: asText(message["id"]) ?? "",
    model: asText(message["model"]) ?? "",
    createdSeconds: Math.floor(options.nowMs / 1000),
  };
  return wholeOfEvents(head, events, { dialect: "anthropic", text });
}

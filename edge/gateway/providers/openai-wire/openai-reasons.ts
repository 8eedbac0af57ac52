import type { JsonObject, JsonValue, ModelEvent } from "@millrace/core/contract";
import { asFields, asList, asText } from "../../json/vendor-json.ts";
import { mapFinishReason } from "./map-finish-reason.ts";

/** Whether an answer ended in words that OpenAI's clients do not know. */
export function hasForeignReason(events: readonly ModelEvent[]): boolean {
  for (const event of events) if (event.type === "finish" && event.reason !== event.rawReason) return true;
  return false;
}

/** A choice with OpenAI's word for its end, and the vendor's own beside it (`native_finish_reason`, OpenRouter's name for it). */
function translated(value: unknown): unknown {
  const choice = asFields(value);
  const reason = asText(choice?.["finish_reason"]);
  if (choice === undefined || reason === undefined || mapFinishReason(reason) === reason) return value;
  return { native_finish_reason: reason, ...choice, finish_reason: mapFinishReason(reason) };
}

/** Choices in OpenAI's words; the same body where they are already. */
export function translateReasons(body: JsonObject): JsonObject {
  const choices = asList(body["choices"]);
  const after = choices.map(translated);
  return after.every((choice, index) => choice === choices[index]) ? body : { ...body, choices: after as JsonValue[] };
}

/** The same for JSON text. */
export function withOpenAiReasons(text: string): string {
  return JSON.stringify(translateReasons(JSON.parse(text) as JsonObject));
}

import type { ModelEvent } from "@millrace/core/contract";
import { asFields, asText, type Fields } from "../../json/vendor-json.ts";
import { listOfFields } from "../native-wire/list-of-fields.ts";
import { PartCollector } from "./collect-parts.ts";
import { mapFinishReason } from "./map-finish-reason.ts";
import { readLogprobs } from "./read-logprobs.ts";

/** Members of a candidate that OpenAI's form has no place for. */
const MEMBERS = [
  "finishReason",
  "finishMessage",
  "safetyRatings",
  "citationMetadata",
  "groundingMetadata",
  "urlContextMetadata",
  "avgLogprobs",
];

/** One candidate of an answer, chunk by chunk. */
export class CandidateReader {
  readonly #choice: number;
  readonly #parts = new PartCollector();
  readonly #members: Record<string, unknown> = {};
  #calls = 0;
  finished = false;

  constructor(choice: number) {
    this.#choice = choice;
  }

  /** What a chunk says of this candidate. `answerId` makes ids for calls that Google gives none. */
  read(candidate: Fields, answerId: string): ModelEvent[] {
    // Nothing follows a finish reason but repetitions.
    if (this.finished) return [];
    for (const name of MEMBERS) if (candidate[name] !== undefined) this.#members[name] = candidate[name];
    const events: ModelEvent[] = [];
    const logprobs = readLogprobs(candidate["logprobsResult"]);
    for (const part of listOfFields(asFields(candidate["content"])?.["parts"])) {
      this.#parts.add(part);
      events.push(...this.#part(part, answerId));
    }
    const text = events.find((event) => event.type === "text");
    if (logprobs !== undefined && text !== undefined) events[events.indexOf(text)] = { ...text, logprobs };
    const reason = asText(candidate["finishReason"]);
    if (reason !== undefined && reason !== "FINISH_REASON_UNSPECIFIED") events.push(...this.#finish(reason));
    return events;
  }

  #part(part: Fields, answerId: string): ModelEvent[] {
    const [choice, text, call] = [this.#choice, asText(part["text"]), asFields(part["functionCall"])];
    if (call !== undefined) {
      const index = this.#calls++;
      const id = asText(call["id"]) ?? `call_${answerId}_${choice}_${index}`;
      const argumentsDelta = JSON.stringify(call["args"] ?? {});
      return [{ type: "tool-call", choice, index, id, name: asText(call["name"]), argumentsDelta }];
    }
    if (text === undefined) return [];
    return [
      part["thought"] === true
        ? { type: "reasoning", choice, text }
        : { type: "text", choice, text, logprobs: undefined },
    ];
  }

  #finish(rawReason: string): ModelEvent[] {
    const choice = this.#choice;
    const reason = mapFinishReason(rawReason, this.#calls > 0);
    this.finished = true;
    const parts = this.#parts.parts();
    const own = { ...(parts === undefined ? {} : { parts }), ...this.#members };
    return [
      { type: "extra", choice, field: "provider_fields", value: { gemini: own } },
      { type: "finish", choice, reason, rawReason },
    ];
  }
}

import type { JsonObject, Surface } from "@millrace/core/contract";
import type { AnswerSummary } from "../exchange/answer.ts";
import { asFields, asList, asText } from "../json/vendor-json.ts";
import { mapFinishReason } from "../providers/openai-wire/map-finish-reason.ts";
import { readUsage } from "../providers/openai-wire/read-usage.ts";

/** Vectors are large, and can be computed again from the input: a trace holds how many there were. */
function withoutVectors(body: Readonly<JsonObject>): JsonObject {
  const { data, ...rest } = body;
  return { ...rest, data: [], vectors: asList(data).length };
}

/** What a trace says of an answer that came in one piece. */
export function summariseWhole(surface: Surface, body: Readonly<JsonObject>): AnswerSummary {
  return {
    response: surface === "embeddings" ? withoutVectors(body) : body,
    usage: readUsage(body["usage"], body["service_tier"]),
    finishReasons: asList(body["choices"]).flatMap((choice) => {
      const reason = asText(asFields(choice)?.["finish_reason"]);
      return reason === undefined ? [] : [mapFinishReason(reason)];
    }),
    model: asText(body["model"]),
  };
}

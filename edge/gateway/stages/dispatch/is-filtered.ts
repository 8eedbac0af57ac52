import type { ModelAnswer } from "../../exchange/answer.ts";
import { asFields, asList } from "../../json/vendor-json.ts";

/** Whether a provider's content filter ended the answer, as far as it is here. */
export function isFiltered(answer: ModelAnswer): boolean {
  if (answer.kind === "whole") {
    return asList(answer.body["choices"]).some((choice) => asFields(choice)?.["finish_reason"] === "content_filter");
  }
  if (answer.kind === "media") return false;
  return answer.first.some(({ events }) =>
    events.some((event) => event.type === "finish" && event.reason === "content_filter"),
  );
}

import { type JsonObject, MillraceError, type Surface } from "@millrace/core/contract";
import { asFields, asList, asText } from "../../json/vendor-json.ts";
import type { WholeAnswer } from "../../exchange/answer.ts";
import { classifyErrorEvent, type FailureContext, withoutSecret } from "./classify-failure.ts";
import { isInterrupted } from "./map-finish-reason.ts";
import { translateReasons } from "./openai-reasons.ts";

function garbage(what: string): MillraceError {
  return new MillraceError("upstream-garbage", { message: `The model's server answered with ${what}.` });
}

function checkChoice(value: unknown, surface: Surface, context: FailureContext): void {
  const choice = asFields(value);
  // OpenRouter: the answer is 200, the failure stands in the choice.
  if (asFields(choice?.["error"]) !== undefined)
    throw classifyErrorEvent(JSON.stringify({ error: choice?.["error"] }), context);
  const answered =
    surface === "chat" ? asFields(choice?.["message"]) !== undefined : asText(choice?.["text"]) !== undefined;
  if (!answered) throw garbage("a choice without an answer");
  const reason = asText(choice?.["finish_reason"]);
  if (reason !== undefined && isInterrupted(reason)) {
    throw new MillraceError("upstream-truncated", {
      message: `The model's server gave the answer up (${reason}).`,
    });
  }
  if (reason === undefined && surface === "chat") {
    throw new MillraceError("upstream-truncated", { message: "The model's server answered without a finish reason." });
  }
}

/** Whether parsed JSON is a whole answer of this surface. @throws MillraceError `upstream-garbage`, `upstream-truncated`, or what its own error says. */
export function checkWhole(
  body: unknown,
  surface: Surface,
  context: { readonly text: string } & FailureContext,
): JsonObject {
  const fields = asFields(body);
  if (fields === undefined) throw garbage("JSON that is not an object");
  if ((fields["error"] !== undefined && fields["error"] !== null) || fields["object"] === "error")
    throw classifyErrorEvent(context.text, context);
  if (surface === "embeddings") {
    const data = asList(fields["data"]);
    if (data.length === 0) throw garbage("no embeddings");
    if (!data.every((item) => asFields(item)?.["embedding"] !== undefined))
      throw garbage("an embedding without a vector");
    return fields as JsonObject;
  }
  if (surface === "moderations") {
    if (asList(fields["results"]).length === 0) throw garbage("no results");
    return fields as JsonObject;
  }
  const choices = asList(fields["choices"]);
  if (choices.length === 0) throw garbage("no choices");
  for (const choice of choices) checkChoice(choice, surface, context);
  return fields as JsonObject;
}

/** Reads a 2xx answer that does not stream: its text stays as it came, but for reasons to end that OpenAI's clients do not know. */
export function readWhole(received: string, surface: Surface, context: FailureContext): WholeAnswer {
  const text = withoutSecret(received, context.secret);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw garbage(/^\s*</.test(text) ? "a web page" : text.trim() === "" ? "nothing" : "text that is not JSON");
  }
  const checked = checkWhole(body, surface, { ...context, text });
  const translated = translateReasons(checked);
  return { kind: "whole", text: translated === checked ? text : JSON.stringify(translated), body: translated };
}

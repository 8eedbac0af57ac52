import { type JsonObject, MillraceError, providerKinds } from "@millrace/core/contract";
import type { WholeAnswer } from "../../exchange/answer.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import { asList } from "../../json/vendor-json.ts";
import { encodeVector } from "../openai-wire/vector-base64.ts";

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "number");
}

/** The texts of an embeddings request. @throws MillraceError `unsupported-parameter` for tokens. */
export function embeddingInputs(call: ModelCall): string[] {
  const { input } = call.fields;
  const inputs = Array.isArray(input) ? input : [input];
  const texts = inputs.filter((item) => typeof item === "string");
  if (texts.length === inputs.length) return texts;
  throw new MillraceError("unsupported-parameter", {
    param: "input",
    message: `${providerKinds[call.target.provider.kind].title} takes texts, no tokens.`,
  });
}

/** Vectors in OpenAI's form; `tokens` is absent where the provider counts none. @throws MillraceError `upstream-garbage`. */
export function embeddingsAnswer(call: ModelCall, vectors: unknown, tokens: number | undefined): WholeAnswer {
  const list = asList(vectors);
  if (list.length !== embeddingInputs(call).length || !list.every(isVector)) {
    throw new MillraceError("upstream-garbage", {
      message: "The model did not answer with one vector for each input.",
    });
  }
  const base64 = call.fields["encoding_format"] === "base64";
  const data = list.map((vector, index) => ({
    object: "embedding",
    index,
    embedding: base64 ? encodeVector(vector) : vector,
  }));
  const usage = tokens === undefined ? {} : { usage: { prompt_tokens: tokens, total_tokens: tokens } };
  const body: JsonObject = { object: "list", model: call.target.model, data, ...usage };
  return { kind: "whole", text: JSON.stringify(body), body };
}

import { MillraceError } from "@millrace/core/contract";
import type { WholeAnswer } from "../../exchange/answer.ts";
import { AnswerAssembler } from "../../stream/answer-assembler.ts";
import { parseAnswer } from "../native-wire/parse-answer.ts";
import { garbage } from "../native-wire/post-native.ts";
import { GeminiTranslator, type TranslatorOptions } from "./read-stream.ts";

/** An answer in one piece, in OpenAI's form. @throws MillraceError `upstream-garbage`, `upstream-truncated`, `content-filtered`. */
export function readWhole(text: string, options: TranslatorOptions): WholeAnswer {
  const answer = parseAnswer(text);
  if (!("candidates" in answer) && !("promptFeedback" in answer) && !("error" in answer))
    throw garbage("JSON that holds no candidates");
  const translator = new GeminiTranslator(options);
  const frames = [...translator.take(text)];
  if (!translator.complete) {
    throw new MillraceError("upstream-truncated", { message: "The model's server answered without a finish reason." });
  }
  const assembler = new AnswerAssembler("chat");
  assembler.add([...frames, ...translator.close()]);
  const { response } = assembler.summary();
  if (response === undefined) throw garbage("no answer");
  return { kind: "whole", text: JSON.stringify(response), body: response };
}

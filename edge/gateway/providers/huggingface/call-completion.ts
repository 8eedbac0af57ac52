import { MillraceError } from "@millrace/core/contract";
import type { ModelAnswer } from "../../exchange/answer.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import { AnswerAssembler } from "../../stream/answer-assembler.ts";
import type { CallDeps } from "../provider.ts";
import { generatorFrames } from "./generator-frames.ts";
import { accessOf, loadLibrary, type Observed, optionsOf } from "./hub-client.ts";
import { mapFailure } from "./map-failure.ts";
import { refuseUnsupported } from "./refuse-unsupported.ts";

/** What the library's text generation can say; anything else is refused rather than dropped. */
const SUPPORTED = new Set([
  "model",
  "prompt",
  "max_tokens",
  "temperature",
  "top_p",
  "seed",
  "stop",
  "stream",
  "stream_options",
  "user",
]);

function parametersOf(fields: ModelCall["fields"]): Record<string, unknown> {
  const { max_tokens: limit, temperature, top_p, seed, stop } = fields;
  const named = { max_new_tokens: limit, temperature, top_p, seed, stop: typeof stop === "string" ? [stop] : stop };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined && value !== null));
}

/**
 * Text completion through the library's `textGenerationStream`, also for answers that are read whole: its `textGeneration` gives the text only
 * and loses why the answer ended, without which a cut answer cannot be told from a whole one.
 */
export async function callCompletion(call: ModelCall, deps: CallDeps): Promise<ModelAnswer> {
  refuseUnsupported(call.fields, SUPPORTED, "Hugging Face text generation");
  const prompt = call.fields["prompt"];
  if (typeof prompt !== "string") {
    throw new MillraceError("unsupported-parameter", {
      param: "prompt",
      message: "Hugging Face text generation takes one prompt at a time.",
    });
  }
  const observed: Observed = { retryAfter: undefined };
  const library = await loadLibrary();
  const args = {
    ...accessOf(call.target, deps, library),
    model: call.target.model,
    inputs: prompt,
    parameters: parametersOf(call.fields),
  };
  deps.awaiting("headers");
  const rest = generatorFrames(library.textGenerationStream(args, optionsOf(deps, observed)), call, {
    onFrames: () => deps.awaiting("gap"),
    mapError: (error) => mapFailure(error, deps, observed),
  });
  const first = await rest.next();
  if (first === undefined) throw new MillraceError("upstream-truncated");
  if (call.stream) return { kind: "stream", first, rest };
  const assembler = new AnswerAssembler("completions");
  for (let batch: typeof first | undefined = first; batch !== undefined; batch = await rest.next())
    assembler.add(batch);
  const { response } = assembler.summary();
  if (response === undefined) throw new MillraceError("upstream-truncated");
  return { kind: "whole", text: JSON.stringify(response), body: response };
}

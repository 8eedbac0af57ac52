import type { ChatCompletionInput } from "@huggingface/tasks";
import { MillraceError } from "@millrace/core/contract";
import type { ModelAnswer } from "../../exchange/answer.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import { readWhole } from "../openai-wire/read-whole.ts";
import type { CallDeps } from "../provider.ts";
import { generatorFrames } from "./generator-frames.ts";
import { accessOf, loadLibrary, type Observed, optionsOf } from "./hub-client.ts";
import { mapFailure } from "./map-failure.ts";
import { refuseLibraryArguments } from "./refuse-unsupported.ts";

/** Chat through the library's `chatCompletion`; every other field of the request goes along, because Hugging Face's router speaks OpenAI's format. */
export async function callChat(call: ModelCall, deps: CallDeps): Promise<ModelAnswer> {
  refuseLibraryArguments(call.fields);
  const observed: Observed = { retryAfter: undefined };
  const library = await loadLibrary();
  // Validated against our own schema, which is OpenAI's; the library's type names a subset of the fields.
  const input = { ...call.fields, model: call.target.model } as unknown as ChatCompletionInput;
  const args = { ...input, ...accessOf(call.target, deps, library) };
  const options = optionsOf(deps, observed);
  const mapError = (error: unknown): MillraceError => mapFailure(error, deps, observed);
  deps.awaiting("headers");
  if (call.stream) {
    const rest = generatorFrames(library.chatCompletionStream(args, options), call, {
      onFrames: () => deps.awaiting("gap"),
      mapError,
    });
    const first = await rest.next();
    if (first === undefined) throw new MillraceError("upstream-truncated");
    return { kind: "stream", first, rest };
  }
  try {
    const answer = await library.chatCompletion(args, options);
    const context = { secret: deps.secret, trustCodes: false, nowMs: Date.now() };
    return readWhole(JSON.stringify(answer), "chat", context);
  } catch (error) {
    throw mapError(error);
  }
}

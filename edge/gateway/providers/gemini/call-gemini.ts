import type { ModelAnswer } from "../../exchange/answer.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import { createSseDecoder } from "../../stream/sse-decoder.ts";
import { openStream } from "../native-wire/native-frames.ts";
import { failureContext, postForStream, postForText } from "../native-wire/post-native.ts";
import type { CallDeps } from "../provider.ts";
import { buildRequest } from "./build-request.ts";
import { mapFailure } from "./map-failure.ts";
import { GeminiTranslator } from "./read-stream.ts";
import { readWhole } from "./read-whole.ts";

export interface GeminiAccess {
  /** The model's resource: what `:generateContent` is appended to. */
  readonly resource: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One chat with a Gemini model, wherever Google serves it. */
export async function callGemini(call: ModelCall, access: GeminiAccess, deps: CallDeps): Promise<ModelAnswer> {
  const post = { headers: access.headers, body: JSON.stringify(buildRequest(call)), mapFailure };
  const { wantsUsage, choices, target } = call;
  const options = { ...failureContext(deps.secret), wantsUsage, choices, model: target.model };
  if (!call.stream) {
    const { text } = await postForText({ ...post, url: `${access.resource}:generateContent` }, deps);
    return readWhole(text, options);
  }
  const url = `${access.resource}:streamGenerateContent?alt=sse`;
  const stream = await postForStream({ ...post, url, streamType: "text/event-stream" }, deps);
  return openStream(stream.body, { decoder: createSseDecoder(), translator: new GeminiTranslator(options) }, deps);
}

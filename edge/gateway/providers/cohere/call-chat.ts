import type { ModelAnswer } from "../../exchange/answer.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import { createSseDecoder } from "../../stream/sse-decoder.ts";
import { addressOf } from "../native-wire/address-of.ts";
import { openStream } from "../native-wire/native-frames.ts";
import { failureContext, postForStream, postForText } from "../native-wire/post-native.ts";
import type { CallDeps } from "../provider.ts";
import { authenticate } from "./authenticate.ts";
import { buildRequest } from "./build-request.ts";
import { mapFailure } from "./map-failure.ts";
import { CohereTranslator } from "./read-stream.ts";
import { readWhole } from "./read-whole.ts";

/** One chat through Cohere's v2 API. */
export async function callChat(call: ModelCall, deps: CallDeps): Promise<ModelAnswer> {
  const post = {
    url: `${addressOf(call.target.provider)}/chat`,
    headers: authenticate(deps.secret),
    body: JSON.stringify(buildRequest(call)),
    mapFailure,
  };
  const context = failureContext(deps.secret);
  const { model } = call.target;
  if (!call.stream) {
    const { text } = await postForText(post, deps);
    return readWhole(text, { model, nowMs: context.nowMs });
  }
  const stream = await postForStream({ ...post, streamType: "text/event-stream" }, deps);
  const translator = new CohereTranslator({ ...context, model, wantsUsage: call.wantsUsage });
  return openStream(stream.body, { decoder: createSseDecoder(), translator }, deps);
}

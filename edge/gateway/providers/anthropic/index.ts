import type { ModelAnswer } from "../../exchange/answer.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import { createSseDecoder } from "../../stream/sse-decoder.ts";
import { openStream } from "../native-wire/native-frames.ts";
import { failureContext, postForStream, postForText } from "../native-wire/post-native.ts";
import { refuseSurface } from "../native-wire/refuse-surface.ts";
import type { CallDeps, ProviderAdapter } from "../provider.ts";
import { authenticate } from "./authenticate.ts";
import { addressOf } from "../native-wire/address-of.ts";
import { anthropicBatches } from "./batches.ts";
import { buildRequest, passRequest } from "./build-request.ts";
import { capabilities } from "./capabilities.ts";
import { countTokens } from "./count-tokens.ts";
import { mapFailure } from "./map-failure.ts";
import { AnthropicTranslator } from "./read-stream.ts";
import { readWhole } from "./read-whole.ts";

async function callChat(call: ModelCall, deps: CallDeps): Promise<ModelAnswer> {
  const { native } = call;
  const { body, betas, answersByTool } = native === undefined ? buildRequest(call) : passRequest({ ...call, native });
  const post = {
    url: `${addressOf(call.target.provider)}/messages`,
    headers: authenticate(deps.secret, betas),
    body: JSON.stringify(body),
    mapFailure,
  };
  const context = failureContext(deps.secret);
  if (!call.stream) {
    const { text } = await postForText(post, deps);
    return readWhole(text, { nowMs: context.nowMs, answersByTool });
  }
  const stream = await postForStream({ ...post, streamType: "text/event-stream" }, deps);
  const translator = new AnthropicTranslator({ ...context, wantsUsage: call.wantsUsage, answersByTool });
  return openStream(stream.body, { decoder: createSseDecoder(), translator }, deps);
}

/** Anthropic's Messages API, at Anthropic or at any server that speaks it. */
export const anthropic: ProviderAdapter = {
  tier: "cloud",
  capabilities,
  countTokens,
  batches: anthropicBatches,
  async call(call, deps) {
    if (call.surface !== "chat") throw refuseSurface(call.surface, "Anthropic");
    return callChat(call, deps);
  },
};

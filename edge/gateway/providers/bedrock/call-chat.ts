import type { ModelAnswer } from "../../exchange/answer.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import type { AnswerHead } from "../native-wire/chunk-writer.ts";
import { openStream } from "../native-wire/native-frames.ts";
import { failureContext, postForStream, postForText } from "../native-wire/post-native.ts";
import type { CallDeps } from "../provider.ts";
import { buildRequest } from "./build-request.ts";
import { signedCall } from "./call-bedrock.ts";
import { EventStreamDecoder } from "./event-stream-decoder.ts";
import { BedrockTranslator } from "./read-stream.ts";
import { readWhole } from "./read-whole.ts";

/** Converse names neither its answers nor their model; the request's id is what AWS's support asks for. */
function headOf(call: ModelCall, headers: Headers): AnswerHead {
  const id = headers.get("x-amzn-requestid") ?? crypto.randomUUID();
  return { id, model: call.target.model, createdSeconds: Math.floor(Date.now() / 1000) };
}

/** One chat through Converse or ConverseStream. */
export async function callChat(call: ModelCall, deps: CallDeps): Promise<ModelAnswer> {
  const { body, answersByTool } = buildRequest(call);
  const operation = call.stream ? "converse-stream" : "converse";
  const signed = await signedCall(call, { operation, body }, deps);
  if (!call.stream) {
    const { text, headers } = await postForText(signed.post, signed.deps);
    return readWhole(text, headOf(call, headers), answersByTool);
  }
  const stream = await postForStream({ ...signed.post, streamType: "application/vnd.amazon.eventstream" }, signed.deps);
  const translator = new BedrockTranslator({
    ...failureContext(signed.deps.secret),
    head: headOf(call, stream.headers),
    wantsUsage: call.wantsUsage,
    answersByTool,
  });
  return openStream(stream.body, { decoder: new EventStreamDecoder(), translator }, deps);
}

import type { WholeAnswer } from "../../exchange/answer.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import { asCount, asFields } from "../../json/vendor-json.ts";
import { embeddingInputs, embeddingsAnswer } from "../native-wire/embeddings-answer.ts";
import { listOfFields } from "../native-wire/list-of-fields.ts";
import { parseAnswer } from "../native-wire/parse-answer.ts";
import { postForText } from "../native-wire/post-native.ts";
import { mergeOptions, providerOptions } from "../native-wire/provider-options.ts";
import { refuseRequestFields } from "../native-wire/refuse-fields.ts";
import { callEmbeddings as inSeveralCalls } from "../openai-wire/call-embeddings.ts";
import type { CallDeps } from "../provider.ts";
import type { GeminiAccess } from "./call-gemini.ts";
import { mapFailure } from "./map-failure.ts";

const KNOWN = new Set(["input", "dimensions", "encoding_format"]);

/** Texts that one call may hold. */
const MAX_INPUTS = 100;

async function embed(call: ModelCall, access: GeminiAccess, deps: CallDeps): Promise<WholeAnswer> {
  refuseRequestFields(call.fields, { known: KNOWN, who: "Gemini" });
  const { dimensions } = call.fields;
  const options = providerOptions(call.fields, "gemini");
  const requests = embeddingInputs(call).map((text) => {
    const size = dimensions === undefined ? {} : { outputDimensionality: dimensions };
    return mergeOptions({ model: `models/${call.target.model}`, content: { parts: [{ text }] }, ...size }, options);
  });
  const url = `${access.resource}:batchEmbedContents`;
  const { text } = await postForText(
    { url, headers: access.headers, body: JSON.stringify({ requests }), mapFailure },
    deps,
  );
  const answer = parseAnswer(text);
  const vectors = listOfFields(answer["embeddings"]).map((embedding) => embedding["values"]);
  return embeddingsAnswer(call, vectors, asCount(asFields(answer["usageMetadata"])?.["promptTokenCount"]));
}

/** Embeddings through `batchEmbedContents`. What `provider_options.gemini` says (`taskType`, `title`) holds for each input. */
export function callEmbeddings(call: ModelCall, access: GeminiAccess, deps: CallDeps): Promise<WholeAnswer> {
  return inSeveralCalls(call, { maxEmbeddingInputs: MAX_INPUTS }, (one) => embed(one, access, deps));
}

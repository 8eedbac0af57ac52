import type { WholeAnswer } from "../../exchange/answer.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import { asCount, asFields, asList, type Fields } from "../../json/vendor-json.ts";
import { embeddingInputs, embeddingsAnswer } from "../native-wire/embeddings-answer.ts";
import { parseAnswer } from "../native-wire/parse-answer.ts";
import { postForText } from "../native-wire/post-native.ts";
import { mergeOptions, providerOptions } from "../native-wire/provider-options.ts";
import { refuseRequestFields, unsupported } from "../native-wire/refuse-fields.ts";
import { callEmbeddings as inSeveralCalls } from "../openai-wire/call-embeddings.ts";
import type { CallDeps } from "../provider.ts";
import { signedCall } from "./call-bedrock.ts";

const KNOWN = new Set(["input", "dimensions", "encoding_format"]);
/** Texts that one call of Cohere's models may hold. */
const MAX_INPUTS = 96;

interface Embedded {
  readonly vectors: readonly unknown[];
  readonly tokens: number | undefined;
}

async function invoke(
  call: ModelCall,
  body: Fields,
  deps: CallDeps,
): Promise<{ answer: Fields; counted: number | undefined }> {
  const merged = mergeOptions(body, providerOptions(call.fields, "bedrock"));
  const signed = await signedCall(call, { operation: "invoke", body: merged }, deps);
  const { text, headers } = await postForText(signed.post, signed.deps);
  const header = headers.get("x-amzn-bedrock-input-token-count");
  return { answer: parseAnswer(text), counted: header === null ? undefined : asCount(Number(header)) };
}

/** Titan embeds one text in each call. */
async function titan(call: ModelCall, deps: CallDeps): Promise<Embedded> {
  const { dimensions } = call.fields;
  const [inputText = ""] = embeddingInputs(call);
  const { answer } = await invoke(call, { inputText, ...(dimensions === undefined ? {} : { dimensions }) }, deps);
  return { vectors: [answer["embedding"]], tokens: asCount(answer["inputTextTokenCount"]) };
}

/** Cohere's models want to know what the vectors are for; a store of documents is assumed unless `provider_options` says otherwise. */
async function cohere(call: ModelCall, deps: CallDeps): Promise<Embedded> {
  const { dimensions } = call.fields;
  const body = {
    texts: embeddingInputs(call),
    input_type: "search_document",
    truncate: "NONE",
    embedding_types: ["float"],
    ...(dimensions === undefined ? {} : { output_dimension: dimensions }),
  };
  const { answer, counted } = await invoke(call, body, deps);
  const { embeddings } = answer;
  return { vectors: asList(asFields(embeddings)?.["float"] ?? embeddings), tokens: counted };
}

/** Embeddings through InvokeModel, in the words of the model's own vendor. */
export async function callEmbeddings(call: ModelCall, deps: CallDeps): Promise<WholeAnswer> {
  refuseRequestFields(call.fields, { known: KNOWN, who: "Bedrock" });
  const { model } = call.target;
  if (!/amazon\.titan-embed-text|cohere\.embed/.test(model))
    throw unsupported("model", "Bedrock", "only Titan's and Cohere's models embed here");
  const isTitan = model.includes("amazon.titan");
  const embed = isTitan ? titan : cohere;
  return inSeveralCalls(call, { maxEmbeddingInputs: isTitan ? 1 : MAX_INPUTS }, async (one) => {
    const { vectors, tokens } = await embed(one, deps);
    return embeddingsAnswer(one, vectors, tokens);
  });
}

import type { WholeAnswer } from "../../exchange/answer.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import { asCount, asFields } from "../../json/vendor-json.ts";
import type { GeminiAccess } from "../gemini/call-gemini.ts";
import { mapFailure } from "../gemini/map-failure.ts";
import { embeddingInputs, embeddingsAnswer } from "../native-wire/embeddings-answer.ts";
import { listOfFields } from "../native-wire/list-of-fields.ts";
import { parseAnswer } from "../native-wire/parse-answer.ts";
import { postForText } from "../native-wire/post-native.ts";
import { mergeOptions, providerOptions } from "../native-wire/provider-options.ts";
import { refuseRequestFields } from "../native-wire/refuse-fields.ts";
import { callEmbeddings as inSeveralCalls } from "../openai-wire/call-embeddings.ts";
import type { CallDeps } from "../provider.ts";

const KNOWN = new Set(["input", "dimensions", "encoding_format"]);

/** The counts of all inputs; unknown as soon as one of them is. */
function sum(counts: readonly (number | undefined)[]): number | undefined {
  return counts.reduce<number | undefined>(
    (total, count) => (total === undefined || count === undefined ? undefined : total + count),
    0,
  );
}

/** Texts that one call may hold: the Gemini models take a single one. */
const maxInputs = (model: string): number => (model.includes("gemini-embedding") ? 1 : 250);

async function embed(call: ModelCall, access: GeminiAccess, deps: CallDeps): Promise<WholeAnswer> {
  refuseRequestFields(call.fields, { known: KNOWN, who: "Vertex AI" });
  const { dimensions } = call.fields;
  const body = {
    instances: embeddingInputs(call).map((content) => ({ content })),
    parameters: { autoTruncate: false, ...(dimensions === undefined ? {} : { outputDimensionality: dimensions }) },
  };
  const merged = mergeOptions(body, providerOptions(call.fields, "vertex-ai"));
  const url = `${access.resource}:predict`;
  const { text } = await postForText({ url, headers: access.headers, body: JSON.stringify(merged), mapFailure }, deps);
  const predictions = listOfFields(parseAnswer(text)["predictions"]).map(
    (prediction) => asFields(prediction["embeddings"]) ?? {},
  );
  const counts = predictions.map(({ statistics }) => asCount(asFields(statistics)?.["token_count"]));
  return embeddingsAnswer(
    call,
    predictions.map(({ values }) => values),
    sum(counts),
  );
}

/** Embeddings through `predict`. A text that is too long is refused: Vertex AI would cut it and say nothing. */
export function callEmbeddings(call: ModelCall, access: GeminiAccess, deps: CallDeps): Promise<WholeAnswer> {
  const dialect = { maxEmbeddingInputs: maxInputs(call.target.model) };
  return inSeveralCalls(call, dialect, (one) => embed(one, access, deps));
}

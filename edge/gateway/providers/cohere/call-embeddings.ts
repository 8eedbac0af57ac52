import type { WholeAnswer } from "../../exchange/answer.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import { asCount, asFields } from "../../json/vendor-json.ts";
import { addressOf } from "../native-wire/address-of.ts";
import { embeddingInputs, embeddingsAnswer } from "../native-wire/embeddings-answer.ts";
import { parseAnswer } from "../native-wire/parse-answer.ts";
import { postForText } from "../native-wire/post-native.ts";
import { mergeOptions, providerOptions } from "../native-wire/provider-options.ts";
import { refuseRequestFields } from "../native-wire/refuse-fields.ts";
import { callEmbeddings as inSeveralCalls } from "../openai-wire/call-embeddings.ts";
import type { CallDeps } from "../provider.ts";
import { authenticate } from "./authenticate.ts";
import { mapFailure } from "./map-failure.ts";

const KNOWN = new Set(["input", "dimensions", "encoding_format"]);

/** Texts that one call may hold. */
const MAX_INPUTS = 96;

async function embed(call: ModelCall, deps: CallDeps): Promise<WholeAnswer> {
  refuseRequestFields(call.fields, { known: KNOWN, who: "Cohere" });
  const { dimensions } = call.fields;
  const body = {
    model: call.target.model,
    texts: embeddingInputs(call),
    input_type: "search_document",
    embedding_types: ["float"],
    truncate: "NONE",
    ...(dimensions === undefined ? {} : { output_dimension: dimensions }),
  };
  const { text } = await postForText(
    {
      url: `${addressOf(call.target.provider)}/embed`,
      headers: authenticate(deps.secret),
      body: JSON.stringify(mergeOptions(body, providerOptions(call.fields, "cohere"))),
      mapFailure,
    },
    deps,
  );
  const answer = parseAnswer(text);
  const billed = asFields(asFields(answer["meta"])?.["billed_units"]);
  return embeddingsAnswer(call, asFields(answer["embeddings"])?.["float"], asCount(billed?.["input_tokens"]));
}

/**
 * Embeddings. Cohere wants to know what they are for: a store of documents, unless `provider_options.cohere.input_type` says otherwise. A text
 * that is too long is refused, not cut.
 */
export function callEmbeddings(call: ModelCall, deps: CallDeps): Promise<WholeAnswer> {
  return inSeveralCalls(call, { maxEmbeddingInputs: MAX_INPUTS }, (one) => embed(one, deps));
}

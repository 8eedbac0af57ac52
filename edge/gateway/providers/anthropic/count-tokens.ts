import type { ModelCall } from "../../exchange/model-call.ts";
import { asCount } from "../../json/vendor-json.ts";
import { parseAnswer } from "../native-wire/parse-answer.ts";
import { garbage, postForText } from "../native-wire/post-native.ts";
import type { CallDeps } from "../provider.ts";
import { authenticate } from "./authenticate.ts";
import { addressOf } from "../native-wire/address-of.ts";
import { buildRequest, passRequest } from "./build-request.ts";
import { mapFailure } from "./map-failure.ts";

/** What of a request counts; the rest is refused by `count_tokens`. */
const COUNTED = ["model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "cache_control"];

/** The tokens of a request, as Anthropic counts them; no answer is made and nothing is billed. */
export async function countTokens(call: ModelCall, deps: CallDeps): Promise<number> {
  const { native } = call;
  const { body, betas } = native === undefined ? buildRequest(call) : passRequest({ ...call, native });
  const counted = Object.fromEntries(COUNTED.flatMap((name) => (name in body ? [[name, body[name]]] : [])));
  const { text } = await postForText(
    {
      url: `${addressOf(call.target.provider)}/messages/count_tokens`,
      headers: authenticate(deps.secret, betas),
      body: JSON.stringify(counted),
      mapFailure,
    },
    deps,
  );
  const tokens = asCount(parseAnswer(text)["input_tokens"]);
  if (tokens === undefined) throw garbage("no count of tokens");
  return tokens;
}

import type { TokenLogprob } from "@millrace/core/contract";
import { asFields, asText, type Fields } from "../../json/vendor-json.ts";
import { listOfFields } from "../native-wire/list-of-fields.ts";

function tokenOf(candidate: Fields): { token: string; logprob: number; bytes: null } | undefined {
  const [token, logprob] = [asText(candidate["token"]), candidate["logProbability"]];
  return token === undefined || typeof logprob !== "number" ? undefined : { token, logprob, bytes: null };
}

/** Google's log probabilities in OpenAI's form; it does not tell the bytes of a token. */
export function readLogprobs(result: unknown): readonly TokenLogprob[] | undefined {
  const fields = asFields(result);
  if (fields === undefined) return undefined;
  const top = listOfFields(fields["topCandidates"]);
  return listOfFields(fields["chosenCandidates"]).flatMap((chosen, index) => {
    const token = tokenOf(chosen);
    if (token === undefined) return [];
    const others = listOfFields(top[index]?.["candidates"]).flatMap((candidate) => tokenOf(candidate) ?? []);
    return [{ ...token, top_logprobs: others }];
  });
}

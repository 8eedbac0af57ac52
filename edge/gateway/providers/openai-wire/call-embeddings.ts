import { type JsonObject, type JsonValue, MillraceError, providerKinds } from "@millrace/core/contract";
import type { ModelAnswer, WholeAnswer } from "../../exchange/answer.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import { asCount, asFields, asList } from "../../json/vendor-json.ts";
import { editMembers } from "./edit-members.ts";
import type { OpenAiDialect } from "./openai-dialect.ts";
import { decodeVector, encodeVector } from "./vector-base64.ts";

/** Inputs of one request at OpenAI, and at most others that say nothing of theirs. */
const DEFAULT_MAX_INPUTS = 2048;
/** Calls that one request may become: more would eat up what a Worker may send for one request. */
const MAX_CALLS = 40;
/** Calls under way at once: enough to hide the way there and back, few enough not to trip a limit by themselves. */
const PARALLEL_CALLS = 4;

function unsupported(message: string): MillraceError {
  return new MillraceError("unsupported-parameter", { param: "input", message });
}

/** The inputs of a request one by one: texts, or lists of tokens. A list of numbers is one input. */
function inputsOf(input: JsonValue | undefined): readonly JsonValue[] {
  if (!Array.isArray(input)) return input === undefined ? [] : [input];
  return input.length > 0 && input.every((item) => typeof item === "number") ? [input] : input;
}

/** The calls that a request becomes. @throws MillraceError `unsupported-parameter` for tokens that the kind does not take, and for too many inputs. */
function split(call: ModelCall, dialect: OpenAiDialect): readonly ModelCall[] {
  const inputs = inputsOf(call.fields["input"]);
  const { title } = providerKinds[call.target.provider.kind];
  if (dialect.takesTokens !== true && inputs.some((input) => Array.isArray(input)))
    throw unsupported(`${title} takes texts, no tokens.`);
  const maxInputs = dialect.maxEmbeddingInputs ?? DEFAULT_MAX_INPUTS;
  if (inputs.length <= maxInputs) return [call];
  if (inputs.length > maxInputs * MAX_CALLS)
    throw unsupported(
      `${title} takes at most ${maxInputs * MAX_CALLS} inputs in one request, ${maxInputs} in each call.`,
    );
  const calls: ModelCall[] = [];
  for (let at = 0; at < inputs.length; at += maxInputs) {
    const input = inputs.slice(at, at + maxInputs);
    calls.push({
      ...call,
      fields: { ...call.fields, input: [...input] },
      text: editMembers(call.text, { input: [...input] }),
    });
  }
  return calls;
}

/** A vector in the form that the caller asked for, whichever the service chose. */
function inForm(vector: unknown, base64: boolean): JsonValue {
  if (base64) return typeof vector === "string" ? vector : encodeVector(asList(vector) as readonly number[]);
  return typeof vector === "string" ? decodeVector(vector) : (vector as JsonValue);
}

/** The counts of all calls together; undefined as soon as one did not count. */
function sumUsage(bodies: readonly JsonObject[]): JsonObject | undefined {
  const sum = { prompt_tokens: 0, total_tokens: 0 };
  for (const body of bodies) {
    const usage = asFields(body["usage"]);
    const promptTokens = asCount(usage?.["prompt_tokens"]);
    if (promptTokens === undefined) return undefined;
    sum.prompt_tokens += promptTokens;
    sum.total_tokens += asCount(usage?.["total_tokens"]) ?? promptTokens;
  }
  return sum;
}

/** The vectors of a call by their index. @throws MillraceError `upstream-garbage` unless there is one for each input. */
function vectorsOf(body: JsonObject, inputs: number): readonly JsonObject[] {
  const data = asList(body["data"]).map((item) => (asFields(item) ?? {}) as JsonObject);
  const ordered = data
    .map((item, position) => ({ item, index: asCount(item["index"]) ?? position }))
    .toSorted((a, b) => a.index - b.index);
  if (ordered.length === inputs && ordered.every(({ index }, position) => index === position))
    return ordered.map(({ item }) => item);
  throw new MillraceError("upstream-garbage", { message: "The model did not answer with one vector for each input." });
}

/** One answer of several, its vectors in the order of the inputs and in the form that was asked for; the service's own bytes where nothing differs. */
function merge(answers: readonly WholeAnswer[], calls: readonly ModelCall[], base64: boolean): WholeAnswer {
  const [first] = answers;
  if (first === undefined) throw new MillraceError("upstream-garbage");
  const perCall = answers.map(({ body }, at) =>
    vectorsOf(body as JsonObject, inputsOf(calls[at]?.fields["input"]).length),
  );
  const fits = perCall.flat().every((item) => (typeof item["embedding"] === "string") === base64);
  if (answers.length === 1 && fits) return first;
  const data = perCall.flat().map((item, index) => ({ ...item, index, embedding: inForm(item["embedding"], base64) }));
  const { usage: _usage, ...rest } = first.body;
  const usage = answers.length === 1 ? first.body["usage"] : sumUsage(answers.map(({ body }) => body as JsonObject));
  const body: JsonObject = { ...rest, data, ...(usage === undefined ? {} : { usage }) };
  return { kind: "whole", text: JSON.stringify(body), body };
}

/**
 * Embeddings of any number of inputs: as many calls as the service's limit asks for, one answer. `send` makes one call.
 * @throws MillraceError `unsupported-parameter`, `upstream-garbage`, or what a call failed with.
 */
export async function callEmbeddings(
  call: ModelCall,
  dialect: OpenAiDialect,
  send: (call: ModelCall) => Promise<ModelAnswer>,
): Promise<WholeAnswer> {
  const calls = split(call, dialect);
  const answers: WholeAnswer[] = [];
  for (let at = 0; at < calls.length; at += PARALLEL_CALLS) {
    for (const answer of await Promise.all(calls.slice(at, at + PARALLEL_CALLS).map(send))) {
      if (answer.kind !== "whole") throw new MillraceError("upstream-garbage");
      answers.push(answer);
    }
  }
  return merge(answers, calls, call.fields["encoding_format"] === "base64");
}

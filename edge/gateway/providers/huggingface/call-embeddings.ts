import { MillraceError } from "@millrace/core/contract";
import type { ModelAnswer } from "../../exchange/answer.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import type { CallDeps } from "../provider.ts";
import { accessOf, loadLibrary, type Observed, optionsOf } from "./hub-client.ts";
import { mapFailure } from "./map-failure.ts";
import { refuseUnsupported } from "./refuse-unsupported.ts";

const SUPPORTED = new Set(["model", "input", "encoding_format", "user"]);

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "number");
}

/** One vector for each input. A vector for each *token* is no embedding of the input, and how to pool it is not ours to guess. */
function vectorsOf(output: unknown, inputs: number): number[][] {
  const vectors = isVector(output) && inputs === 1 ? [output] : output;
  if (Array.isArray(vectors) && vectors.length === inputs && vectors.every(isVector)) return vectors;
  throw new MillraceError("upstream-garbage", { message: "The model did not answer with one vector for each input." });
}

/** Base64 of little-endian float32, as OpenAI sends it. */
function toBase64(vector: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(vector.length * 4));
  vector.forEach((value, index) => view.setFloat32(index * 4, value, true));
  let binary = "";
  for (const byte of new Uint8Array(view.buffer)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Embeddings through the library's `featureExtraction`. It counts no tokens, so neither does the answer. */
export async function callEmbeddings(call: ModelCall, deps: CallDeps): Promise<ModelAnswer> {
  refuseUnsupported(call.fields, SUPPORTED, "Hugging Face feature extraction");
  const input = call.fields["input"];
  const given = Array.isArray(input) ? input : [input];
  const inputs = given.filter((item) => typeof item === "string");
  if (inputs.length < given.length)
    throw new MillraceError("unsupported-parameter", {
      param: "input",
      message: "Hugging Face takes texts, no tokens.",
    });
  const observed: Observed = { retryAfter: undefined };
  const library = await loadLibrary();
  const args = { ...accessOf(call.target, deps, library), model: call.target.model, inputs };
  deps.awaiting("headers");
  let output: unknown;
  try {
    output = await library.featureExtraction(args, optionsOf(deps, observed));
  } catch (error) {
    throw mapFailure(error, deps, observed);
  }
  const base64 = call.fields["encoding_format"] === "base64";
  const data = vectorsOf(output, inputs.length).map((vector, index) => ({
    object: "embedding",
    index,
    embedding: base64 ? toBase64(vector) : vector,
  }));
  const body = { object: "list", model: call.target.model, data };
  return { kind: "whole", text: JSON.stringify(body), body };
}

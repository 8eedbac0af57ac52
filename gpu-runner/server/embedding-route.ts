import { embeddingRequestSchema } from "@millrace/core/contract";
import { refuseInputsTooLong } from "../chat/refuse-too-long.ts";
import { refuseUnknown, unsupported } from "../chat/refuse-unknown.ts";
import { readJson } from "./read-json.ts";
import type { RequestScope } from "./request-scopes.ts";
import { readyEngine, type RunnerDeps } from "./runner-deps.ts";

/** POST /v1/embeddings: unit vectors of the served model, as numbers or as base64 of little-endian float32. */
export async function embeddingRoute(request: Request, scope: RequestScope, deps: RunnerDeps): Promise<Response> {
  const body = await readJson(request, embeddingRequestSchema);
  refuseUnknown(body, ["model", "input", "encoding_format", "user", "dimensions"]);
  const { engine, model } = readyEngine(deps, body.model);
  if (body.dimensions !== undefined) {
    throw unsupported("dimensions", "This model gives vectors of one size only.");
  }
  const given = typeof body.input === "string" ? [body.input] : body.input;
  const inputs = given.filter((item) => typeof item === "string");
  if (inputs.length < given.length) throw unsupported("input", "The runner takes texts, no tokens.");
  refuseInputsTooLong(inputs, model);
  const [place] = deps.scheduler.acquire(1, scope.signal);
  const lease = await place;
  const embeddings = await engine.embed(inputs).finally(() => lease?.release());
  const tokens = embeddings.reduce((sum, embedding) => sum + embedding.tokens, 0);
  deps.metrics.countPrompt(tokens, 0);
  deps.metrics.countRequest("embeddings", "ok");
  deps.onDecoded();
  scope.end();
  return Response.json({
    object: "list",
    model: deps.modelName,
    data: embeddings.map(({ vector }, index) => ({
      object: "embedding",
      index,
      embedding: body.encoding_format === "base64" ? base64(vector) : vector,
    })),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  });
}

function base64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
  return bytes.toString("base64");
}

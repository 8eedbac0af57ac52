import type { Handler } from "hono";
import { openAiDialect } from "../dialects/openai/index.ts";
import { inferenceHandler } from "../pipeline/inference-handler.ts";
import type { PipelineDeps } from "../pipeline/pipeline-deps.ts";

/** POST /v1/completions: text completion by a plain model. */
export function completionsRoute(deps: PipelineDeps): Handler {
  return inferenceHandler(openAiDialect("completions"), deps);
}

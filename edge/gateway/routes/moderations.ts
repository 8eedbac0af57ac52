import type { Handler } from "hono";
import { openAiDialect } from "../dialects/openai/index.ts";
import { inferenceHandler } from "../pipeline/inference-handler.ts";
import type { PipelineDeps } from "../pipeline/pipeline-deps.ts";

/** POST /v1/moderations. */
export function moderationsRoute(deps: PipelineDeps): Handler {
  return inferenceHandler(openAiDialect("moderations"), deps);
}

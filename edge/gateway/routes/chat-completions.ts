import type { Handler } from "hono";
import { openAiDialect } from "../dialects/openai/index.ts";
import { inferenceHandler } from "../pipeline/inference-handler.ts";
import type { PipelineDeps } from "../pipeline/pipeline-deps.ts";

/** POST /v1/chat/completions: a plain model, or a named prompt. */
export function chatCompletionsRoute(deps: PipelineDeps): Handler {
  return inferenceHandler(openAiDialect("chat"), deps);
}

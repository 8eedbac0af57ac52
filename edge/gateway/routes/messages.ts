import type { Handler } from "hono";
import { messagesDialect } from "../dialects/messages/index.ts";
import { inferenceHandler } from "../pipeline/inference-handler.ts";
import type { PipelineDeps } from "../pipeline/pipeline-deps.ts";

/** POST /v1/messages: Anthropic's way of asking, of any model that serves chat. */
export function messagesRoute(deps: PipelineDeps): Handler {
  return inferenceHandler(messagesDialect, deps);
}

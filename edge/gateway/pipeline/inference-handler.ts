import type { Surface } from "@millrace/core/contract";
import type { Handler } from "hono";
import { answerExchange } from "./answer-exchange.ts";
import type { PipelineDeps } from "./pipeline-deps.ts";

/** Binds a surface to the pipeline: all that a route of it has to say. */
export function inferenceHandler(surface: Surface, deps: PipelineDeps): Handler {
  return (context) =>
    answerExchange(
      surface,
      { request: context.req.raw, keepAlive: (work) => context.executionCtx.waitUntil(work) },
      deps,
    );
}

import type { Handler } from "hono";
import type { Dialect } from "../dialects/dialect.ts";
import { answerExchange } from "./answer-exchange.ts";
import type { PipelineDeps } from "./pipeline-deps.ts";

/** Binds a way of asking to the pipeline: all that a route of it has to say. */
export function inferenceHandler(dialect: Dialect, deps: PipelineDeps): Handler {
  return (context) =>
    answerExchange(
      dialect,
      { request: context.req.raw, keepAlive: (work) => context.executionCtx.waitUntil(work) },
      deps,
    );
}

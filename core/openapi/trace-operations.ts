import { traceDetailSchema, traceListSchema, traceQuerySchema } from "../contract/index.ts";
import type { ApiOperation } from "./operation.ts";

/** Traces of the environment. */
export const traceOperations: readonly ApiOperation[] = [
  {
    id: "listTraces",
    tag: "Traces",
    method: "get",
    path: "/api/v1/traces",
    summary: "List traces",
    description:
      "Newest first; `before` takes `next` of the page before. With `after` oldest first, beginning after that cursor: ask again with `next` and you follow the log.",
    permission: "traces:read",
    query: traceQuerySchema,
    responses: [
      { status: 200, description: "A page of traces, without spans and bodies.", body: { schema: traceListSchema } },
    ],
  },
  {
    id: "getTrace",
    tag: "Traces",
    method: "get",
    path: "/api/v1/traces/{id}",
    summary: "Look up a trace, with spans and bodies",
    permission: "traces:read",
    responses: [{ status: 200, description: "The trace.", body: { schema: traceDetailSchema } }],
    errors: ["unknown-resource"],
  },
];

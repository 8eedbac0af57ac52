import { idSchema, idTimeMs, MillraceError, traceQuerySchema } from "@millrace/core/contract";
import { findTrace, listTraces } from "../stores/trace-store.ts";
import { type Handlers, ok, param } from "./call.ts";

const traceId = idSchema("trace");
/** 9999-12-31: later years have five digits, which ISO 8601 writes with a sign and PostgreSQL does not read. */
const MAX_ID_TIME_MS = Date.UTC(9999, 11, 31);

/** Traces of the key's environment. A cursor is the id of a trace. */
export const traceHandlers: Handlers = {
  listTraces: async (call) => {
    const query = traceQuerySchema.parse(call.query);
    if (query.before !== undefined && query.after !== undefined) {
      throw new MillraceError("invalid-request", { param: "after", message: "Give `before` or `after`, not both." });
    }
    checkCursor("before", query.before);
    checkCursor("after", query.after);
    const data = await listTraces(call.tenant, query);
    const last = data.at(-1)?.id;
    // A follower keeps its place when nothing new has come; a reader of the past has come to its end.
    const next = query.after === undefined ? (data.length === query.limit ? last : undefined) : (last ?? query.after);
    return ok({ data, next: next ?? null });
  },

  getTrace: async (call) => {
    const id = param(call, "id");
    const found = await findTrace(call.tenant, id);
    if (found === undefined)
      throw new MillraceError("unknown-resource", { message: `There is no trace ${id} in this environment.` });
    const bodies = found.bodiesKey === null ? found.bodies : await call.deps.readBodies(found.bodiesKey);
    return ok({ ...found.record, bodies });
  },
};

function checkCursor(name: string, value: string | undefined): void {
  if (value === undefined || (traceId.safeParse(value).success && idTimeMs(value) <= MAX_ID_TIME_MS)) return;
  throw new MillraceError("invalid-request", {
    param: name,
    message: "Expected the id of a trace: `next` of an earlier answer.",
  });
}

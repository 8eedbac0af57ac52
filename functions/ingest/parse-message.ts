import { type TraceMessage, traceMessageSchema } from "@millrace/core/contract";
import { z } from "zod";

export interface Poison {
  readonly reason: string;
  /** What the message says of itself, as far as it can be read. */
  readonly projectId: string | undefined;
  readonly traceId: string | undefined;
  readonly outbox: string | undefined;
}

export type ParsedMessage =
  | { readonly ok: true; readonly message: TraceMessage }
  | { readonly ok: false; readonly poison: Poison };

/** Enough of a broken message to tell whose it is and to take it off its shelf. */
const remainsSchema = z.object({
  record: z
    .object({ id: z.string().optional().catch(undefined), project_id: z.string().optional().catch(undefined) })
    .catch({}),
  outbox: z.string().optional().catch(undefined),
});

/** The reason names at most this many fields; the first ones tell what is wrong. */
const MAX_ISSUES = 3;

/** A queue body: JSON text as an outbox sends it, or the value itself as the gateway sends it when no outbox answers. */
export function parseMessage(body: unknown): ParsedMessage {
  const read = readJson(body);
  if (!read.ok) {
    return { ok: false, poison: { reason: "not JSON", projectId: undefined, traceId: undefined, outbox: undefined } };
  }
  const parsed = traceMessageSchema.safeParse(read.value);
  if (parsed.success) return { ok: true, message: parsed.data };
  const issues = parsed.error.issues.slice(0, MAX_ISSUES).map((issue) => `${issue.path.join(".")}: ${issue.code}`);
  const remains = remainsSchema.safeParse(read.value);
  return {
    ok: false,
    poison: {
      reason: `does not fit the schema (${issues.join("; ")})`,
      projectId: remains.data?.record.project_id,
      traceId: remains.data?.record.id,
      outbox: remains.data?.outbox,
    },
  };
}

function readJson(body: unknown): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  if (typeof body !== "string") return { ok: true, value: body };
  try {
    return { ok: true, value: JSON.parse(body) as unknown };
  } catch {
    return { ok: false };
  }
}

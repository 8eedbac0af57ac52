import type { TraceBodies, TraceMessage } from "@millrace/core/contract";
import type { Log } from "@millrace/core/log";
import { z } from "zod";
import type { PlacedBodies } from "./store-statement.ts";

/**
 * Bodies up to this size go into Postgres, where SQL can reach them; larger ones stay in R2 and Postgres holds the key. Four
 * of the largest still fit one statement.
 */
export const MAX_STORED_BODIES_BYTES = 2_000_000;

/** R2 as ingestion needs it. Each call throws when R2 is away. */
export interface BodyStore {
  /** Null when there is no such object; `text` reads it. */
  readonly get: (key: string) => Promise<{ readonly bytes: number; readonly text: () => Promise<string> } | null>;
  readonly put: (key: string, text: string) => Promise<void>;
  readonly delete: (keys: readonly string[]) => Promise<void>;
}

export interface Placement {
  readonly placed: PlacedBodies;
  /** An object whose content is in `placed`: superfluous once that is stored. */
  readonly superfluousKey: string | undefined;
}

/** JSON.parse has seen to it that all below these are JSON values. */
const storedBodiesSchema = z.object({
  request: z.looseObject({}),
  rendered: z.looseObject({}).nullable(),
  response: z.looseObject({}).nullable(),
});

/** Decides where the bodies of one message will live, and brings them there if it is R2. @throws when R2 is away */
export async function placeBodies(message: TraceMessage, store: BodyStore, log: Log): Promise<Placement> {
  if (message.bodies !== null) return placeInline(message, message.bodies, store);
  const key = message.bodies_key ?? "";
  const stay = { placed: { key }, superfluousKey: undefined };
  const object = await store.get(key);
  if (object === null) {
    // A copy of this message was stored before and its object deleted, or the object never came to be. In the first case
    // the statement changes nothing; in the second the trace is kept, with a key that leads nowhere.
    log("warn", "trace-bodies-missing", { trace_id: message.record.id });
    return stay;
  }
  if (object.bytes > MAX_STORED_BODIES_BYTES) return stay;
  const bodies = readBodies(await object.text());
  return bodies === undefined ? stay : { placed: { bodies }, superfluousKey: key };
}

/** Larger than a queue message can be, so it came by way of the spill. */
async function placeInline(message: TraceMessage, bodies: TraceBodies, store: BodyStore): Promise<Placement> {
  const text = JSON.stringify(bodies);
  if (text.length <= MAX_STORED_BODIES_BYTES) return { placed: { bodies }, superfluousKey: undefined };
  const day = new Date(message.record.started_at_ms).toISOString().slice(0, 10);
  const key = `traces/${day}/${message.record.id}`;
  await store.put(key, text);
  return { placed: { key }, superfluousKey: undefined };
}

/** The bodies under a key of Postgres; null when the object is gone or is not what it should be. @throws when R2 is away */
export async function readStoredBodies(key: string, store: Pick<BodyStore, "get">): Promise<TraceBodies | null> {
  const object = await store.get(key);
  return object === null ? null : (readBodies(await object.text()) ?? null);
}

/** Undefined when the object is not what it should be: it then stays where it is, for a person to look at. */
function readBodies(text: string): TraceBodies | undefined {
  try {
    const parsed = storedBodiesSchema.safeParse(JSON.parse(text));
    return parsed.success ? (parsed.data as TraceBodies) : undefined;
  } catch {
    return undefined;
  }
}

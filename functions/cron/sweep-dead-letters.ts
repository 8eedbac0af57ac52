import { errorFields, type Log } from "@millrace/core/log";
import { classifyFault } from "../ingest/classify-fault.ts";
import { DEAD_PREFIX, type DeadLetterRow, deadLetterRowSchema, storeDeadLetters } from "../ingest/dead-letter.ts";
import type { Query } from "../ingest/query.ts";
import type { SweepBucket } from "./sweep-spill.ts";

/** Letters of one tick; they are rare, and a minute later comes the next. */
const LETTERS_PER_TICK = 500;

export interface SweepDeadDeps {
  readonly bucket: SweepBucket;
  readonly query: Query;
  readonly log: Log;
}

/**
 * Brings dead letters that R2 kept while Postgres was away into their table. One that cannot be read or stored stays in R2.
 * @returns letters brought home
 * @throws what R2 or an absent Postgres threw
 */
export async function sweepDeadLetters(deps: SweepDeadDeps): Promise<number> {
  const { objects } = await deps.bucket.list({ prefix: DEAD_PREFIX, limit: LETTERS_PER_TICK });
  let moved = 0;
  for (const { key } of objects) {
    const object = await deps.bucket.get(key);
    const letter = object === null ? undefined : readLetter(await object.text());
    if (letter === undefined) {
      deps.log("error", "dead-letter-unreadable", { job: "sweep-dead-letters" });
    } else if (await stored(letter, deps)) {
      await deps.bucket.delete(key);
      moved++;
    }
  }
  return moved;
}

async function stored(letter: DeadLetterRow, deps: SweepDeadDeps): Promise<boolean> {
  try {
    await storeDeadLetters([letter], deps.query);
    return true;
  } catch (error) {
    if (classifyFault(error).kind === "away") throw error;
    deps.log("error", "dead-letter-unstorable", { job: "sweep-dead-letters", ...errorFields(error) });
    return false;
  }
}

function readLetter(text: string): DeadLetterRow | undefined {
  try {
    return deadLetterRowSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

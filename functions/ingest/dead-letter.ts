import { toStorableText } from "@millrace/core/content";
import { errorFields, type Log } from "@millrace/core/log";
import { z } from "zod";
import { MAX_STATEMENT_BYTES, parameterBytes, type Query } from "./query.ts";

/** Where dead letters wait while Postgres is away; `cron/sweep-dead-letters.ts` brings them home. */
export const DEAD_PREFIX = "dead/";

export const deadLetterRowSchema = z.object({
  /** The queue's own id of the message, so that a redelivered message is one letter. */
  id: z.string(),
  project_id: z.string().nullable(),
  queue: z.string(),
  body: z.string(),
  reason: z.string(),
  attempts: z.int(),
  dead_at: z.iso.datetime(),
});
export type DeadLetterRow = z.output<typeof deadLetterRowSchema>;

const KEEP_LETTERS = `
insert into dead_letters (id, project_id, queue, body, reason, attempts, dead_at)
select id, project_id, queue, body, reason, attempts, dead_at from json_to_recordset($1::json)
  as letter(id text, project_id text, queue text, body text, reason text, attempts integer, dead_at timestamptz)
on conflict (id) do nothing`;

export interface DeadLetterDeps {
  readonly query: Query;
  readonly putDead: (key: string, text: string) => Promise<void>;
  readonly log: Log;
}

/** Into Postgres, a statement at a time. @throws what the database threw */
export async function storeDeadLetters(letters: readonly DeadLetterRow[], query: Query): Promise<void> {
  let group: string[] = [];
  let groupBytes = 0;
  for (const letter of letters) {
    const json = JSON.stringify({
      ...letter,
      body: toStorableText(letter.body),
      reason: toStorableText(letter.reason),
    });
    const bytes = parameterBytes(json);
    if (groupBytes + bytes > MAX_STATEMENT_BYTES && group.length > 0) {
      await query(KEEP_LETTERS, [`[${group.join(",")}]`]);
      group = [];
      groupBytes = 0;
    }
    group.push(json);
    groupBytes += bytes;
  }
  if (group.length > 0) await query(KEEP_LETTERS, [`[${group.join(",")}]`]);
}

/**
 * Keeps letters in Postgres or, when that does not work, in R2. Never throws.
 * @returns the letters that are safe; the others must stay in the queue
 */
export async function keepDeadLetters(
  letters: readonly DeadLetterRow[],
  deps: DeadLetterDeps,
): Promise<readonly DeadLetterRow[]> {
  if (letters.length === 0) return [];
  deps.log("error", "dead-letters", { dead: letters.length });
  try {
    await storeDeadLetters(letters, deps.query);
    return letters;
  } catch (error) {
    deps.log("warn", "dead-letters-to-r2", { dead: letters.length, ...errorFields(error) });
  }
  const kept: DeadLetterRow[] = [];
  for (const letter of letters) {
    try {
      await deps.putDead(deadKey(letter), JSON.stringify(letter));
      kept.push(letter);
    } catch (error) {
      deps.log("error", "dead-letter-not-kept", { attempt: letter.attempts, ...errorFields(error) });
    }
  }
  return kept;
}

function deadKey(letter: DeadLetterRow): string {
  return `${DEAD_PREFIX}${letter.id.replaceAll(/[^\w.-]/g, "_")}.json`;
}

import { MillraceError, type TraceMessage } from "@millrace/core/contract";
import { fromStorableText } from "@millrace/core/content";
import { z } from "zod";
import { type AcknowledgeDeps, acknowledgeAll, receiptOf } from "./acknowledge.ts";
import { type IngestDeps, ingestTraces } from "./ingest-traces.ts";
import { parseMessage } from "./parse-message.ts";
import type { Query } from "./query.ts";

/** Letters read at once: 100 messages of 128 KB are far below the memory of an isolate. */
const PAGE_LETTERS = 100;
/** Pages of one call; it may be called again. */
const MAX_PAGES = 20;

const letterSchema = z.object({ id: z.string(), sequence: z.coerce.number(), body: z.string() });
type Letter = z.output<typeof letterSchema>;

interface Readable {
  readonly letter: Letter;
  readonly message: TraceMessage;
}

export type ReplayDeps = IngestDeps & AcknowledgeDeps & { readonly now: () => number };

export interface ReplayReport {
  /** Stored now; the letters stay, marked as replayed. */
  readonly replayed: number;
  /** Still not storable; the letters wait on. */
  readonly failed: number;
}

/**
 * Tries to store the dead letters of one project once more, oldest first, as after a fix or a schema change. Letters that
 * name no project belong to nobody and are never touched here.
 * @throws MillraceError `state-unavailable` when Postgres or R2 is away; what was replayed until then stays replayed
 */
export async function replayDeadLetters(projectId: string, deps: ReplayDeps): Promise<ReplayReport> {
  let report: ReplayReport = { replayed: 0, failed: 0 };
  let after = 0;
  for (let page = 0; page < MAX_PAGES; page++) {
    const letters = await nextLetters(deps.query, projectId, after);
    if (letters.length === 0) break;
    const result = await replayPage(projectId, letters, deps);
    report = { replayed: report.replayed + result.replayed, failed: report.failed + result.failed };
    after = Math.max(...letters.map((letter) => letter.sequence));
  }
  return report;
}

async function nextLetters(query: Query, projectId: string, after: number): Promise<Letter[]> {
  const rows = await query(
    `select id, sequence, body from dead_letters
     where project_id = $1 and replayed_at is null and sequence > $2::bigint order by sequence limit $3::integer`,
    [projectId, String(after), String(PAGE_LETTERS)],
  );
  return z.array(letterSchema).parse(rows);
}

async function replayPage(projectId: string, letters: readonly Letter[], deps: ReplayDeps): Promise<ReplayReport> {
  const readable = letters.flatMap((letter): Readable[] => {
    const parsed = parseMessage(fromStorableText(letter.body));
    // A letter is its project's; it cannot write into another's.
    return parsed.ok && parsed.message.record.project_id === projectId ? [{ letter, message: parsed.message }] : [];
  });
  const result = await ingestTraces(readable, deps);
  const stored = result.stored.map(({ letter }) => letter.id);
  const failed = letters.filter((letter) => !stored.includes(letter.id)).map((letter) => letter.id);
  await settle(stored, result.away.length > 0 ? [] : failed, deps);
  await acknowledgeAll(
    result.stored.map(({ message }) => receiptOf(message)),
    deps,
  );
  if (result.away.length > 0) throw new MillraceError("state-unavailable", { retryAfterSeconds: 5 });
  return { replayed: stored.length, failed: failed.length };
}

async function settle(stored: readonly string[], failed: readonly string[], deps: ReplayDeps): Promise<void> {
  if (stored.length + failed.length === 0) return;
  await deps.query(
    `update dead_letters set
       replayed_at = case when id in (select value from json_array_elements_text($1::json)) then $3::timestamptz end,
       attempts = attempts + 1
     where replayed_at is null and id in (
       select value from json_array_elements_text($1::json) union all select value from json_array_elements_text($2::json))`,
    [JSON.stringify(stored), JSON.stringify(failed), new Date(deps.now()).toISOString()],
  );
}

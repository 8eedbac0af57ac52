import { errorFields, type Log } from "@millrace/core/log";
import type { ClaimedRow } from "./fresh-rows.ts";
import { MAX_CLAIM_ROWS, type OutboxShelf } from "./outbox-shelf.ts";
import { packBatches } from "./pack-batches.ts";

/** Claims of one run. 20 × 1,000 messages; the alarm goes on from there, so that one run stays far below its time limit. */
const MAX_CLAIMS = 20;
/** One spilled file: a few seconds of work for the sweeper, and far below the memory of an isolate. */
const MAX_SPILL_BYTES = 4_000_000;
/** Files that one run spills. */
const MAX_SPILLS = 50;

export interface ForwardDeps {
  readonly shelf: OutboxShelf;
  readonly sendBatch: (bodies: readonly string[]) => Promise<void>;
  /** Stores message texts in R2 under `spill/`; returns once they are safe there. */
  readonly spill: (bodies: readonly string[]) => Promise<void>;
  readonly log: Log;
  readonly outbox: string;
}

/** Hands every due message to the queue, oldest first, and moves what is beyond the shelf's limits to R2. Never throws. */
export async function forwardOutbox(deps: ForwardDeps): Promise<void> {
  for (let claim = 0; claim < MAX_CLAIMS; claim++) {
    const rows = deps.shelf.claimDue();
    if (rows.length === 0 || !(await sendRows(deps, rows))) break;
    // That was all; what has come since waits for company.
    if (rows.length < MAX_CLAIM_ROWS) break;
  }
  await spillOverflow(deps);
}

/** False when the queue refused; the rest of the rows is then not tried. */
async function sendRows(deps: ForwardDeps, rows: readonly ClaimedRow[]): Promise<boolean> {
  const batches = packBatches(rows);
  for (const [index, batch] of batches.entries()) {
    // Read when it is sent: what was acknowledged meanwhile is gone, and one batch at a time is in memory.
    const seqs = batch.map((row) => row.seq);
    const bodies = deps.shelf.queueTexts(seqs, deps.outbox);
    if (bodies.length === 0) continue;
    try {
      await deps.sendBatch(bodies);
    } catch (error) {
      const unsent = batches.slice(index).flat();
      deps.shelf.releaseFailed(unsent);
      deps.log("warn", "outbox-send-failed", { outbox: deps.outbox, count: unsent.length, ...errorFields(error) });
      return false;
    }
  }
  return true;
}

async function spillOverflow(deps: ForwardDeps): Promise<void> {
  for (let file = 0; file < MAX_SPILLS; file++) {
    const oldest = deps.shelf.overflow(MAX_SPILL_BYTES);
    if (oldest.length === 0 || !(await spillBodies(deps, oldest))) return;
  }
}

/** Safe in R2 first, then off the shelf: a death in between leaves two copies, which ingestion makes one. */
async function spillBodies(
  deps: ForwardDeps,
  rows: readonly { readonly seq: number; readonly body: string }[],
): Promise<boolean> {
  if (rows.length === 0) return true;
  try {
    await deps.spill(rows.map((row) => row.body));
  } catch (error) {
    deps.log("error", "outbox-spill-failed", { outbox: deps.outbox, count: rows.length, ...errorFields(error) });
    return false;
  }
  deps.shelf.removeRows(rows.map((row) => row.seq));
  deps.shelf.countSpilled(rows.length);
  deps.log("warn", "outbox-spilled", { outbox: deps.outbox, spilled: rows.length });
  return true;
}

import type { Context } from "../context.ts";
import { log } from "../log.ts";
import { sweepOutbox } from "../publish/index.ts";
import { ensurePartitions } from "./ensure-partitions.ts";
import type { Job } from "./run-jobs.ts";
import { sweepDeadLetters } from "./sweep-dead-letters.ts";
import { sweepSpill } from "./sweep-spill.ts";

/** What each minute's tick does, in this order: what callers notice first comes first. */
export function cronJobs({ ingest, publish, bucket }: Context): readonly Job[] {
  return [
    { name: "sweep-outbox", run: async () => (await sweepOutbox(publish)).published.length },
    { name: "ensure-partitions", run: () => ensurePartitions(ingest.query, ingest.now()) },
    { name: "sweep-spill", run: () => sweepSpill({ ...ingest, bucket }) },
    { name: "sweep-dead-letters", run: () => sweepDeadLetters({ query: ingest.query, bucket, log }) },
  ];
}

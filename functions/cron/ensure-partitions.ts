import type { Query } from "../ingest/query.ts";

/** Today and a week: cron may be away for a week before a trace lands in the default partition, which takes it all the same. */
const DAYS_AHEAD = 8;

/** Makes the daily partitions of traces that are missing. @returns how many it made */
export async function ensurePartitions(query: Query, nowMs: number): Promise<number> {
  const today = new Date(nowMs).toISOString().slice(0, 10);
  const [row] = await query("select ensure_trace_partitions($1::date, $2::integer) as made", [
    today,
    String(DAYS_AHEAD),
  ]);
  return Number(row?.["made"] ?? 0);
}

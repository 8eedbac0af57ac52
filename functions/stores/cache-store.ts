import { MAX_CACHE_TTL_SECONDS } from "@millrace/core/contract";
import { cachePurges } from "@millrace/migrations/schema";
import { and, count, eq, gt, sql } from "drizzle-orm";
import { type ChangeOutcome, runChange } from "./recorded-change.ts";
import type { Change, Tenant } from "./tenant.ts";

/** What a purge names; the subject of an environment is empty. */
export interface PurgeSubject {
  readonly kind: (typeof cachePurges.$inferSelect)["kind"];
  readonly subject: string;
}

/** Counts a purge; the bundle of the environment carries the count to every key. */
export async function countPurge(
  change: Change,
  { kind, subject }: PurgeSubject,
): Promise<ChangeOutcome<Record<string, unknown>>> {
  const { projectId, environmentId } = change.principal;
  return runChange(
    change,
    sql`changed as (
      insert into cache_purges (project_id, environment_id, kind, subject, epoch, purged_at)
      values (${projectId}, ${environmentId}, ${kind}, ${subject}, 1, ${change.at.toISOString()}::timestamptz)
      on conflict (project_id, environment_id, kind, subject)
        do update set epoch = cache_purges.epoch + 1, purged_at = excluded.purged_at
      returning epoch
    )`,
    { action: "cache.purge", subject: subject === "" ? kind : `${kind}:${subject}`, detail: {}, scope: "environment" },
  );
}

/** Tags whose purges the bundle still carries. */
export async function purgedTags({ db, principal }: Tenant, now: Date): Promise<number> {
  const since = new Date(now.getTime() - MAX_CACHE_TTL_SECONDS * 1000);
  const [row] = await db
    .select({ tags: count() })
    .from(cachePurges)
    .where(
      and(
        eq(cachePurges.projectId, principal.projectId),
        eq(cachePurges.environmentId, principal.environmentId),
        eq(cachePurges.kind, "tag"),
        gt(cachePurges.purgedAt, since),
      ),
    );
  return row?.tags ?? 0;
}

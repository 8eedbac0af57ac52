import { audit, bundles, deadLetters, environments, outbox } from "@millrace/migrations/schema";
import { and, asc, count, desc, eq, isNull, lt, max, sql } from "drizzle-orm";
import type { Tenant } from "./tenant.ts";

/** Letters of one answer; replaying takes all of them. */
const MAX_LETTERS = 1000;

export async function listEnvironments({ db, principal }: Tenant) {
  return db
    .select({ id: environments.id, name: environments.name, protectedLabels: environments.protectedLabels })
    .from(environments)
    .where(eq(environments.projectId, principal.projectId))
    .orderBy(asc(environments.name));
}

export async function bundleStatus({ db, principal }: Tenant) {
  const { projectId, environmentId } = principal;
  const [[latest], [waiting]] = await db.batch([
    db
      .select({ epoch: bundles.epoch, hash: bundles.hash, publishedAt: bundles.publishedAt })
      .from(bundles)
      .where(and(eq(bundles.projectId, projectId), eq(bundles.environmentId, environmentId)))
      .orderBy(desc(bundles.epoch))
      .limit(1),
    db
      .select({ pending: count(), lastError: max(outbox.lastError) })
      .from(outbox)
      .where(and(eq(outbox.projectId, projectId), eq(outbox.environmentId, environmentId), isNull(outbox.doneAt))),
  ]);
  return { latest, pending: waiting?.pending ?? 0, lastError: waiting?.lastError ?? null };
}

/** Newest first. @param before id of an entry, or undefined for the newest page */
export async function listAudit({ db, principal }: Tenant, limit: number, before: string | undefined) {
  const cursor = sql`(select c.sequence from audit c where c.project_id = ${principal.projectId} and c.id = ${before ?? null}::text)`;
  return db
    .select()
    .from(audit)
    .where(and(eq(audit.projectId, principal.projectId), before === undefined ? undefined : lt(audit.sequence, cursor)))
    .orderBy(desc(audit.sequence))
    .limit(limit);
}

/** Oldest first, those that wait. */
export async function listDeadLetters({ db, principal }: Tenant) {
  return db
    .select({
      id: deadLetters.id,
      queue: deadLetters.queue,
      reason: deadLetters.reason,
      attempts: deadLetters.attempts,
      deadAt: deadLetters.deadAt,
    })
    .from(deadLetters)
    .where(and(eq(deadLetters.projectId, principal.projectId), isNull(deadLetters.replayedAt)))
    .orderBy(asc(deadLetters.sequence))
    .limit(MAX_LETTERS);
}

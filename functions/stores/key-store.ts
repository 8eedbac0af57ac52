import type { Permission } from "@millrace/core/contract";
import { keys } from "@millrace/migrations/schema";
import { and, desc, eq, sql } from "drizzle-orm";
import { type ChangeOutcome, runChange } from "./recorded-change.ts";
import { actorOf, type Change, type Tenant } from "./tenant.ts";

export type KeyRow = Omit<typeof keys.$inferSelect, "hash">;

export interface NewKey {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the whole key; the key itself never comes here. */
  readonly hash: string;
  readonly hint: string;
  readonly permissions: readonly Permission[];
  readonly expiresAt: string | undefined;
}

const visible = {
  id: keys.id,
  projectId: keys.projectId,
  environmentId: keys.environmentId,
  name: keys.name,
  hint: keys.hint,
  permissions: keys.permissions,
  createdAt: keys.createdAt,
  createdBy: keys.createdBy,
  expiresAt: keys.expiresAt,
  revokedAt: keys.revokedAt,
};

/** Newest first, revoked ones included. */
export async function listKeys({ db, principal }: Tenant): Promise<KeyRow[]> {
  return db
    .select(visible)
    .from(keys)
    .where(and(eq(keys.projectId, principal.projectId), eq(keys.environmentId, principal.environmentId)))
    .orderBy(desc(keys.createdAt), desc(keys.id));
}

export async function findKey({ db, principal }: Tenant, id: string): Promise<KeyRow | undefined> {
  const [row] = await db
    .select(visible)
    .from(keys)
    .where(
      and(eq(keys.projectId, principal.projectId), eq(keys.environmentId, principal.environmentId), eq(keys.id, id)),
    );
  return row;
}

export async function insertKey(change: Change, key: NewKey): Promise<ChangeOutcome<Record<string, unknown>>> {
  const { projectId, environmentId } = change.principal;
  return runChange(
    change,
    sql`changed as (
      insert into keys (id, project_id, environment_id, name, hash, hint, permissions, created_at, created_by, expires_at)
      select ${key.id}, ${projectId}, ${environmentId}, ${key.name}, ${key.hash}, ${key.hint},
        array(select json_array_elements_text(${JSON.stringify(key.permissions)}::json)), ${change.at.toISOString()}::timestamptz,
        ${actorOf(change)}, ${key.expiresAt ?? null}::timestamptz
      returning id
    )`,
    {
      action: "key.create",
      subject: key.id,
      detail: { name: key.name, permissions: [...key.permissions] },
      scope: "environment",
    },
  );
}

/** No rows: there is no such key, or it is revoked already. */
export async function revokeKey(change: Change, id: string): Promise<ChangeOutcome<Record<string, unknown>>> {
  const { projectId, environmentId } = change.principal;
  return runChange(
    change,
    sql`changed as (
      update keys set revoked_at = ${change.at.toISOString()}::timestamptz
      where project_id = ${projectId} and environment_id = ${environmentId} and id = ${id} and revoked_at is null
      returning id
    )`,
    { action: "key.revoke", subject: id, detail: {}, scope: "environment" },
  );
}

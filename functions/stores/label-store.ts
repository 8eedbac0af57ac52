import { labelMoves, labels, promptVersions, environments } from "@millrace/migrations/schema";
import { aliasedTable, and, asc, desc, eq, type SQL, sql } from "drizzle-orm";
import { type ChangeOutcome, runChange } from "./recorded-change.ts";
import { actorOf, type Change, type Tenant } from "./tenant.ts";

export interface LabelRow {
  readonly label: string;
  /** null: removed. */
  readonly version: number | null;
  readonly hash: string | null;
  /** null: it pointed nowhere before its last move. */
  readonly previousVersion: number | null;
  readonly movedAt: Date;
  readonly movedBy: string;
}

const previous = aliasedTable(promptVersions, "previous");

export async function listLabels(tenant: Tenant, promptId: string): Promise<LabelRow[]> {
  return selectLabels(tenant, promptId);
}

export async function findLabel(tenant: Tenant, promptId: string, label: string): Promise<LabelRow | undefined> {
  return (await selectLabels(tenant, promptId, eq(labels.label, label)))[0];
}

async function selectLabels({ db, principal }: Tenant, promptId: string, where?: SQL): Promise<LabelRow[]> {
  return db
    .select({
      label: labels.label,
      version: promptVersions.version,
      hash: promptVersions.hash,
      previousVersion: previous.version,
      movedAt: labels.movedAt,
      movedBy: labels.movedBy,
    })
    .from(labels)
    .leftJoin(
      promptVersions,
      and(eq(promptVersions.projectId, labels.projectId), eq(promptVersions.id, labels.versionId)),
    )
    .leftJoin(previous, and(eq(previous.projectId, labels.projectId), eq(previous.id, labels.previousVersionId)))
    .where(
      and(
        eq(labels.projectId, principal.projectId),
        eq(labels.environmentId, principal.environmentId),
        eq(labels.promptId, promptId),
        where,
      ),
    )
    .orderBy(asc(labels.label));
}

export async function protectedLabels({ db, principal }: Tenant): Promise<readonly string[]> {
  const [row] = await db
    .select({ protectedLabels: environments.protectedLabels })
    .from(environments)
    .where(and(eq(environments.projectId, principal.projectId), eq(environments.id, principal.environmentId)));
  return row?.protectedLabels ?? [];
}

/** Newest first. */
export async function listMoves({ db, principal }: Tenant, promptId: string, label: string) {
  const from = aliasedTable(promptVersions, "from_version");
  const to = aliasedTable(promptVersions, "to_version");
  return db
    .select({
      id: labelMoves.id,
      label: labelMoves.label,
      fromVersion: from.version,
      toVersion: to.version,
      kind: labelMoves.kind,
      reason: labelMoves.reason,
      actor: labelMoves.actor,
      movedAt: labelMoves.movedAt,
    })
    .from(labelMoves)
    .leftJoin(from, and(eq(from.projectId, labelMoves.projectId), eq(from.id, labelMoves.fromVersionId)))
    .leftJoin(to, and(eq(to.projectId, labelMoves.projectId), eq(to.id, labelMoves.toVersionId)))
    .where(
      and(
        eq(labelMoves.projectId, principal.projectId),
        eq(labelMoves.environmentId, principal.environmentId),
        eq(labelMoves.promptId, promptId),
        eq(labelMoves.label, label),
      ),
    )
    .orderBy(desc(labelMoves.sequence));
}

export interface LabelMove {
  readonly promptId: string;
  readonly promptName: string;
  readonly label: string;
  /** null: remove it. */
  readonly version: number | null;
  readonly kind: "set" | "rollback" | "remove";
  /** The move happens only when the label points there now; null: nowhere; undefined: wherever. */
  readonly expectedVersion: number | null | undefined;
  readonly reason: string | undefined;
}

/**
 * One append to the label's history, and the pointer with it. No rows: the label already points there, does not point where it was expected,
 * or (removing) does not exist; nothing was written.
 */
export async function moveLabel(change: Change, move: LabelMove): Promise<ChangeOutcome<Record<string, unknown>>> {
  const at = change.at.toISOString();
  const { projectId, environmentId } = change.principal;
  const { promptId, label, version, kind } = move;
  const current = sql`l.project_id = ${projectId} and l.environment_id = ${environmentId} and l.prompt_id = ${promptId} and l.label = ${label}`;
  const target = sql`(select v.id from prompt_versions v
    where v.project_id = ${projectId} and v.prompt_id = ${promptId} and v.version = ${version}::integer)`;
  const moved =
    version === null
      ? sql`update labels l set version_id = null, previous_version_id = l.version_id, moved_at = ${at}::timestamptz, moved_by = ${actorOf(change)}
          where ${current} and l.version_id is not null and ${expectation(move, projectId)}
          returning l.prompt_id, l.version_id, l.previous_version_id`
      : sql`insert into labels as l (project_id, environment_id, prompt_id, label, version_id, previous_version_id, moved_at, moved_by)
          select ${projectId}, ${environmentId}, ${promptId}, ${label}, target.id, null, ${at}::timestamptz, ${actorOf(change)}
          from ${target} as target (id)
          where ${typeof move.expectedVersion !== "number"} or exists (select 1 from labels l where ${current})
          on conflict (project_id, environment_id, prompt_id, label) do update
          set version_id = excluded.version_id, previous_version_id = l.version_id, moved_at = excluded.moved_at, moved_by = excluded.moved_by
          where l.version_id is distinct from excluded.version_id and ${expectation(move, projectId)}
          returning l.prompt_id, l.version_id, l.previous_version_id`;
  return runChange(
    change,
    sql`moved as (${moved}),
    changed as (
      insert into label_moves (id, project_id, environment_id, prompt_id, label, from_version_id, to_version_id, kind, reason, actor, moved_at)
      select ${change.newId("labelMove")}, ${projectId}, ${environmentId}, moved.prompt_id, ${label}, moved.previous_version_id, moved.version_id,
        ${kind}, ${move.reason ?? null}::text, ${actorOf(change)}, ${at}::timestamptz
      from moved returning id
    )`,
    { action: `label.${kind}`, subject: `${move.promptName}@${label}`, detail: { version }, scope: "environment" },
  );
}

function expectation({ expectedVersion, promptId }: LabelMove, projectId: string): SQL {
  if (expectedVersion === undefined) return sql`true`;
  if (expectedVersion === null) return sql`l.version_id is null`;
  return sql`l.version_id = (select v.id from prompt_versions v
    where v.project_id = ${projectId} and v.prompt_id = ${promptId} and v.version = ${expectedVersion}::integer)`;
}

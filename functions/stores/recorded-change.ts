import { type SQL, sql } from "drizzle-orm";
import { actorOf, type Change } from "./tenant.ts";

export interface ChangeRecord {
  /** `<noun>.<verb>`, such as `label.set`. */
  readonly action: string;
  readonly subject: string;
  /** Never a key or a secret. */
  readonly detail: Readonly<Record<string, unknown>>;
  /** Whose bundle the change shows in: the principal's environment, or every environment of the project. */
  readonly scope: "environment" | "project";
}

export interface ChangeOutcome<Row> {
  /** Rows of the `changed` query; none: the change did not happen, and nothing was written. */
  readonly rows: readonly Row[];
  /** Environments whose bundle is now out of date. */
  readonly environmentIds: readonly string[];
}

/**
 * Runs one statement that makes a change, writes it into the audit and puts a row into the outbox of each environment that it shows in: all
 * of it or nothing, because the driver has no interactive transactions.
 * @param ctes common table expressions, the last of them named `changed`: its rows say whether the change happened.
 */
export async function runChange<Row extends Record<string, unknown>>(
  change: Change,
  ctes: SQL,
  record: ChangeRecord,
): Promise<ChangeOutcome<Row>> {
  const { projectId, environmentId } = change.principal;
  const at = change.at.toISOString();
  const inScope = record.scope === "project" ? sql`true` : sql`e.id = ${environmentId}`;
  const { rows } = await change.db.execute<{ changed: Row[]; environments: string[] }>(sql`
    with ${ctes},
    audited as (
      insert into audit (id, project_id, environment_id, actor, action, subject, detail, at)
      select ${change.newId("audit")}, ${projectId}, ${record.scope === "project" ? null : environmentId}, ${actorOf(change)},
        ${record.action}, ${record.subject}, ${JSON.stringify(record.detail)}::jsonb, ${at}::timestamptz
      where exists (select 1 from changed)
    ),
    queued as (
      insert into outbox (project_id, environment_id, reason, created_at)
      select e.project_id, e.id, ${record.action}, ${at}::timestamptz
      from environments e where e.project_id = ${projectId} and ${inScope} and exists (select 1 from changed)
      returning environment_id
    )
    select coalesce((select json_agg(changed) from changed), '[]') as changed,
      coalesce((select json_agg(environment_id) from queued), '[]') as environments`);
  return { rows: rows[0]?.changed ?? [], environmentIds: rows[0]?.environments ?? [] };
}

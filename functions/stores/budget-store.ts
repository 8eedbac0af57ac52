import { type Budget, budgetSchema, MAX_BUDGETS } from "@millrace/core/contract";
import { budgets } from "@millrace/migrations/schema";
import { asc, eq, sql } from "drizzle-orm";
import { databaseFailure } from "../database-error.ts";
import { type ChangeOutcome, runChange } from "./recorded-change.ts";
import type { Change, Tenant } from "./tenant.ts";

type Outcome = ChangeOutcome<Record<string, unknown>>;

/** By name. */
export async function listBudgets({ db, principal }: Tenant): Promise<Budget[]> {
  const rows = await db
    .select()
    .from(budgets)
    .where(eq(budgets.projectId, principal.projectId))
    .orderBy(asc(budgets.name));
  return rows.map((row) => budgetSchema.parse(row.budget));
}

/** No rows: the project has MAX_BUDGETS others. "no-environment": it names one that is not there, and the database refused. */
export async function putBudget(change: Change, budget: Budget): Promise<Outcome | "no-environment"> {
  const { projectId } = change.principal;
  const at = change.at.toISOString();
  try {
    return await runChange(
      change,
      sql`changed as (
        insert into budgets (id, project_id, name, environment, budget, created_at, updated_at)
        select ${change.newId("budget")}, ${projectId}, ${budget.name}, ${budget.environment ?? null}::text, ${JSON.stringify(budget)}::json,
          ${at}::timestamptz, ${at}::timestamptz
        where (select count(*) from budgets where project_id = ${projectId} and name <> ${budget.name}) < ${MAX_BUDGETS}::integer
        on conflict (project_id, name) do update set environment = excluded.environment, budget = excluded.budget, updated_at = excluded.updated_at
        returning id
      )`,
      { action: "budget.put", subject: budget.name, detail: { ...budget }, scope: "project" },
    );
  } catch (error) {
    // 23503: foreign key of budgets.environment.
    if (databaseFailure(error)?.sqlState === "23503") return "no-environment";
    throw error;
  }
}

/** No rows: there is no such budget. */
export async function deleteBudget(change: Change, name: string): Promise<Outcome> {
  return runChange(
    change,
    sql`changed as (delete from budgets where project_id = ${change.principal.projectId} and name = ${name} returning id)`,
    { action: "budget.delete", subject: name, detail: {}, scope: "project" },
  );
}

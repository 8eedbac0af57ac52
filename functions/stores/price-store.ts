import { type Price, type StoredPrice, storedPriceSchema } from "@millrace/core/contract";
import { type SQL, sql } from "drizzle-orm";
import { type ChangeOutcome, runChange } from "./recorded-change.ts";
import type { Change, Tenant } from "./tenant.ts";

export interface PriceFilter {
  readonly limit: number;
  /** The beginning of models' names. */
  readonly model?: string | undefined;
  readonly origin?: StoredPrice["origin"] | undefined;
  /** `next` of the page before. */
  readonly after?: string | undefined;
}

export interface PricePage {
  readonly data: readonly StoredPrice[];
  readonly next: string | null;
}

/** By model, then by id. */
export async function listPrices({ db, principal }: Tenant, filter: PriceFilter): Promise<PricePage> {
  const after = filter.after === undefined ? undefined : cursorOf(filter.after);
  const { rows } = await db.execute<{ id: string; origin: string; price: unknown; updated_at: string }>(sql`
    select id, origin, price, to_json(updated_at) as updated_at from prices
    where project_id = ${principal.projectId} and starts_with(model, ${filter.model ?? ""})
      and (${filter.origin ?? null}::text is null or origin = ${filter.origin ?? null})
      and (${after?.id ?? null}::text is null or (model, id) > (${after?.model ?? null}::text, ${after?.id ?? null}::text))
    order by model, id limit ${filter.limit}`);
  const data = rows.map((row) =>
    storedPriceSchema.parse({ ...row, updated_at: new Date(row.updated_at).toISOString() }),
  );
  const last = data.length === filter.limit ? data.at(-1) : undefined;
  return { data, next: last === undefined ? null : `${last.id}:${last.price.model}` };
}

function cursorOf(text: string): { readonly id: string; readonly model: string } {
  const at = text.indexOf(":");
  return at === -1 ? { id: text, model: "" } : { id: text.slice(0, at), model: text.slice(at + 1) };
}

/** Sets what the project itself says that a model costs; the id of the row that holds it. */
export async function putPrice(change: Change, price: Price): Promise<ChangeOutcome<{ readonly id: string }>> {
  const at = change.at.toISOString();
  return runChange(
    change,
    sql`given as (${givenRows(change, [price])}),
    changed as (
      insert into prices (id, project_id, origin, scope, scope_name, model, match, valid_from, price, created_at, updated_at)
      select id, ${change.principal.projectId}, 'override', scope, scope_name, model, match, valid_from, price,
        ${at}::timestamptz, ${at}::timestamptz from given
      on conflict (project_id, origin, scope, scope_name, model, match, valid_from)
        do update set price = excluded.price, updated_at = excluded.updated_at
      returning id
    )`,
    { action: "price.put", subject: price.model, detail: { ...price }, scope: "project" },
  );
}

/** No rows: there is no such price. */
export async function deletePrice(change: Change, id: string): Promise<ChangeOutcome<{ readonly id: string }>> {
  return runChange(
    change,
    sql`changed as (delete from prices where project_id = ${change.principal.projectId} and id = ${id} returning id)`,
    { action: "price.delete", subject: id, detail: {}, scope: "project" },
  );
}

/** Makes these the imported prices of the project, all at once. No rows: they were that already. */
export async function replaceImported(
  change: Change,
  prices: readonly Price[],
  detail: Readonly<Record<string, unknown>>,
): Promise<ChangeOutcome<{ readonly id: string }>> {
  const { projectId } = change.principal;
  const at = change.at.toISOString();
  return runChange(
    change,
    sql`given as materialized (${givenRows(change, prices)}),
    written as (
      insert into prices (id, project_id, origin, scope, scope_name, model, match, valid_from, price, created_at, updated_at)
      select id, ${projectId}, 'import', scope, scope_name, model, match, valid_from, price,
        ${at}::timestamptz, ${at}::timestamptz from given
      on conflict (project_id, origin, scope, scope_name, model, match, valid_from)
        do update set price = excluded.price, updated_at = excluded.updated_at
        where prices.price::jsonb is distinct from excluded.price::jsonb
      returning id
    ),
    removed as (
      delete from prices p where p.project_id = ${projectId} and p.origin = 'import' and not exists (
        select 1 from given g where (g.scope, g.scope_name, g.model, g.match, g.valid_from)
          = (p.scope, p.scope_name, p.model, p.match, p.valid_from))
      returning p.id
    ),
    changed as (select id from written union all select id from removed)`,
    { action: "price.import", subject: "litellm", detail, scope: "project" },
  );
}

/** Prices as rows of a query, with the columns that name each. */
function givenRows(change: Change, prices: readonly Price[]): SQL {
  const rows = prices.map((price) => ({
    id: change.newId("price"),
    scope: "kind" in price.scope ? "kind" : "provider",
    scope_name: "kind" in price.scope ? price.scope.kind : price.scope.provider,
    model: price.model,
    match: price.match,
    valid_from: price.valid_from ?? "-infinity",
    price,
  }));
  return sql`select * from json_to_recordset(${JSON.stringify(rows)}::json) as g(
    id text, scope text, scope_name text, model text, match text, valid_from timestamptz, price json)`;
}

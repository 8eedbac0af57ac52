import { type Model, type Provider, targetsOf } from "@millrace/core/contract";
import { models, providers } from "@millrace/migrations/schema";
import { asc, eq, sql } from "drizzle-orm";
import { databaseFailure } from "../database-error.ts";
import { toModel, toProvider } from "./catalog-rows.ts";
import { type ChangeOutcome, runChange } from "./recorded-change.ts";
import type { Change, Tenant } from "./tenant.ts";

function jsonOrNull(value: object | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

type Outcome = ChangeOutcome<Record<string, unknown>>;

export async function listModels({ db, principal }: Tenant): Promise<Model[]> {
  const rows = await db
    .select()
    .from(models)
    .where(eq(models.projectId, principal.projectId))
    .orderBy(asc(models.name));
  return rows.map(toModel);
}

export async function listProviders({ db, principal }: Tenant): Promise<Provider[]> {
  const rows = await db
    .select()
    .from(providers)
    .where(eq(providers.projectId, principal.projectId))
    .orderBy(asc(providers.name));
  return rows.map(toProvider);
}

/** Creates or replaces the model and notes which providers its route names. No rows: one of them is not there. */
export async function putModel(change: Change, model: Model): Promise<Outcome> {
  const { projectId } = change.principal;
  const at = change.at.toISOString();
  const names = [...new Set(targetsOf(model.route).map((target) => target.provider))];
  return runChange(
    change,
    sql`named as (
      select id from providers where project_id = ${projectId}
        and name in (select json_array_elements_text(${JSON.stringify(names)}::json))
    ),
    changed as (
      insert into models (id, project_id, name, route, surfaces, context_tokens, resilience, created_at, updated_at)
      select ${change.newId("model")}, ${projectId}, ${model.name}, ${JSON.stringify(model.route)}::json,
        array(select json_array_elements_text(${JSON.stringify(model.surfaces)}::json)), ${model.context_tokens ?? null}::integer,
        ${jsonOrNull(model.resilience)}::json, ${at}::timestamptz, ${at}::timestamptz
      where (select count(*) from named) = ${names.length}::integer
      on conflict (project_id, name) do update set route = excluded.route, surfaces = excluded.surfaces,
        context_tokens = excluded.context_tokens, resilience = excluded.resilience, updated_at = excluded.updated_at
      returning id
    ),
    unlinked as (
      delete from route_targets t using changed
      where t.project_id = ${projectId} and t.model_id = changed.id and t.provider_id not in (select id from named)
    ),
    linked as (
      insert into route_targets (project_id, model_id, provider_id) select ${projectId}, changed.id, named.id from changed, named
      on conflict do nothing
    )`,
    { action: "model.put", subject: model.name, detail: { ...model }, scope: "project" },
  );
}

/** Prompts of the project that some label of any environment serves with this model. */
export async function promptsUsingModel({ db, principal }: Tenant, name: string): Promise<string[]> {
  const { rows } = await db.execute<{ name: string }>(sql`
    select distinct p.name from labels l
    join prompt_versions v on v.project_id = l.project_id and v.id = l.version_id
    join prompts p on p.project_id = l.project_id and p.id = l.prompt_id
    where l.project_id = ${principal.projectId} and v.content -> 'settings' ->> 'model' = ${name} order by p.name`);
  return rows.map((row) => row.name);
}

/** No rows: there is no such model, or a labelled version calls it. */
export async function deleteModel(change: Change, name: string): Promise<Outcome> {
  const { projectId } = change.principal;
  return runChange(
    change,
    sql`changed as (
      delete from models m where m.project_id = ${projectId} and m.name = ${name} and not exists (
        select 1 from labels l join prompt_versions v on v.project_id = l.project_id and v.id = l.version_id
        where l.project_id = m.project_id and v.content -> 'settings' ->> 'model' = m.name)
      returning m.id
    )`,
    { action: "model.delete", subject: name, detail: {}, scope: "project" },
  );
}

export async function putProvider(change: Change, provider: Provider): Promise<Outcome> {
  const { projectId } = change.principal;
  const at = change.at.toISOString();
  return runChange(
    change,
    sql`changed as (
      insert into providers (id, project_id, name, kind, base_url, secret, secrets, max_concurrent, settings, inference_provider, timeouts,
        created_at, updated_at)
      select ${change.newId("provider")}, ${projectId}, ${provider.name}, ${provider.kind}, ${provider.base_url ?? null}::text,
        ${provider.secret ?? null}::text, ${jsonOrNull(provider.secrets)}::json, ${provider.max_concurrent ?? null}::integer,
        ${jsonOrNull(provider.settings)}::json, ${provider.inference_provider ?? null}::text, ${JSON.stringify(provider.timeouts)}::json,
        ${at}::timestamptz, ${at}::timestamptz
      on conflict (project_id, name) do update set kind = excluded.kind, base_url = excluded.base_url, secret = excluded.secret,
        secrets = excluded.secrets, max_concurrent = excluded.max_concurrent, settings = excluded.settings,
        inference_provider = excluded.inference_provider, timeouts = excluded.timeouts, updated_at = excluded.updated_at
      returning id
    )`,
    { action: "provider.put", subject: provider.name, detail: { ...provider }, scope: "project" },
  );
}

/** No rows: there is no such provider. "in-use": a model's route names it, and the database refused. */
export async function deleteProvider(change: Change, name: string): Promise<Outcome | "in-use"> {
  try {
    return await runChange(
      change,
      sql`changed as (delete from providers where project_id = ${change.principal.projectId} and name = ${name} returning id)`,
      { action: "provider.delete", subject: name, detail: {}, scope: "project" },
    );
  } catch (error) {
    // 23503: foreign key of route_targets.
    if (databaseFailure(error)?.sqlState === "23503") return "in-use";
    throw error;
  }
}

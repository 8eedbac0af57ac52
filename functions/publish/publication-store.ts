import type { BundleRows } from "@millrace/core/bundle";
import { MAX_CACHE_TTL_SECONDS, SERVED_RECENT_VERSIONS } from "@millrace/core/contract";
import { sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import { violatesUnique } from "../database-error.ts";
import { type ModelRow, type ProviderRow, toModel, toProvider } from "../stores/catalog-rows.ts";

/** One publication as it is recorded. */
export interface Publication {
  readonly epoch: number;
  readonly hash: string;
  readonly signature: string;
  /** ISO 8601. */
  readonly publishedAt: string;
}

/** Everything that one publication needs, as of one instant. */
export interface PublicationState {
  readonly rows: BundleRows;
  /** null: never published. */
  readonly latest: Publication | null;
  /** Sequences of the outbox rows that this state already contains. */
  readonly pending: readonly number[];
}

type StateJson = Omit<BundleRows, "models" | "providers"> & {
  readonly models: readonly ModelRow[];
  readonly providers: readonly ProviderRow[];
  readonly latest: Publication | null;
  readonly pending: readonly number[];
};

/**
 * One statement, hence one snapshot: an outbox row is in `pending` exactly when its change is in `rows`.
 * @returns undefined when there is no such environment.
 */
export async function readPublicationState(db: Database, environmentId: string): Promise<PublicationState | undefined> {
  const { rows } = await db.execute<{ state: StateJson }>(publicationStateQuery(environmentId));
  const state = rows[0]?.state;
  if (state === undefined) return undefined;
  const { latest, pending, models, providers, ...rest } = state;
  return { rows: { ...rest, models: models.map(toModel), providers: providers.map(toProvider) }, latest, pending };
}

/** Of the versions: the recent, the labelled, the previously labelled, and by recursion what these include. */
function publicationStateQuery(environmentId: string) {
  return sql`
    with recursive environment as (select * from environments where id = ${environmentId}),
    own_labels as (
      select l.* from labels l join environment e on l.project_id = e.project_id and l.environment_id = e.id
    ),
    ranked as (
      select v.project_id, v.prompt_id, v.id, row_number() over (partition by v.prompt_id order by v.version desc) as recency
      from prompt_versions v join environment e on v.project_id = e.project_id
    ),
    served (id) as (
      select r.id from ranked r where r.recency <= ${SERVED_RECENT_VERSIONS} or exists (
        select 1 from own_labels l where l.prompt_id = r.prompt_id and (l.version_id = r.id or l.previous_version_id = r.id))
      union
      select included.id from served s
        join prompt_versions v on v.id = s.id
        cross join lateral json_each_text(v.includes) pinned
        join prompt_versions included on included.project_id = v.project_id and included.hash = pinned.value
    )
    select json_build_object(
      'project', (select json_build_object('id', p.id, 'slug', p.slug) from projects p where p.id = e.project_id),
      'environment', json_build_object('id', e.id, 'name', e.name),
      'keys', coalesce((select json_agg(json_build_object('id', k.id, 'hash', k.hash, 'permissions', k.permissions, 'expiresAt', k.expires_at))
        from keys k where k.project_id = e.project_id and k.environment_id = e.id and k.revoked_at is null), '[]'),
      'prompts', coalesce((select json_agg(json_build_object('id', p.id, 'name', p.name))
        from prompts p where p.project_id = e.project_id), '[]'),
      'versions', coalesce((select json_agg(json_build_object('id', v.id, 'promptId', v.prompt_id, 'version', v.version, 'hash', v.hash,
          'content', v.content, 'includes', v.includes))
        from prompt_versions v where v.project_id = e.project_id and v.id in (select id from served)), '[]'),
      'labels', coalesce((select json_agg(json_build_object('promptId', l.prompt_id, 'label', l.label, 'versionId', l.version_id,
          'previousVersionId', l.previous_version_id)) from own_labels l), '[]'),
      'models', coalesce((select json_agg(json_build_object('name', m.name, 'route', m.route, 'surfaces', m.surfaces,
          'contextTokens', m.context_tokens, 'resilience', m.resilience)) from models m where m.project_id = e.project_id), '[]'),
      'providers', coalesce((select json_agg(json_build_object('name', p.name, 'kind', p.kind, 'baseUrl', p.base_url, 'secret', p.secret,
          'secrets', p.secrets, 'maxConcurrent', p.max_concurrent, 'settings', p.settings, 'inferenceProvider', p.inference_provider, 'timeouts', p.timeouts)) from providers p where p.project_id = e.project_id), '[]'),
      'prices', coalesce((select json_agg(json_build_object('origin', x.origin, 'price', x.price)) from prices x
        where x.project_id = e.project_id and exists (
          select 1 from models m cross join lateral jsonb_path_query(m.route::jsonb, '$.** ? (@.kind == "target")') target
          where m.project_id = e.project_id
            and (case x.match when 'exact' then target ->> 'model' = x.model else starts_with(target ->> 'model', x.model) end))), '[]'),
      'cachePurges', coalesce((select json_agg(json_build_object('kind', c.kind, 'subject', c.subject, 'epoch', c.epoch))
        from cache_purges c where c.project_id = e.project_id and c.environment_id = e.id
          and c.purged_at > now() - make_interval(secs => ${MAX_CACHE_TTL_SECONDS})), '[]'),
      'budgets', coalesce((select json_agg(g.budget)
        from budgets g where g.project_id = e.project_id and (g.environment is null or g.environment = e.name)), '[]'),
      'latest', (select json_build_object('epoch', b.epoch, 'hash', b.hash, 'signature', b.signature, 'publishedAt', b.published_at)
        from bundles b where b.project_id = e.project_id and b.environment_id = e.id order by b.epoch desc limit 1),
      'pending', coalesce((select json_agg(o.sequence order by o.sequence)
        from outbox o where o.project_id = e.project_id and o.environment_id = e.id and o.done_at is null), '[]')
    ) as state
    from environment e`;
}

export interface NewPublication extends Publication {
  readonly projectId: string;
  readonly environmentId: string;
  readonly bytes: number;
}

/** False when another publisher has taken the epoch. */
export async function insertPublication(db: Database, publication: NewPublication): Promise<boolean> {
  const { projectId, environmentId, epoch, hash, signature, bytes, publishedAt } = publication;
  try {
    await db.execute(sql`
      insert into bundles (project_id, environment_id, epoch, hash, signature, bytes, published_at)
      values (${projectId}, ${environmentId}, ${epoch}, ${hash}, ${signature}, ${bytes}, ${publishedAt})`);
    return true;
  } catch (error) {
    if (violatesUnique(error, "bundles_pkey")) return false;
    throw error;
  }
}

export async function markPublished(db: Database, sequences: readonly number[], doneAt: Date): Promise<void> {
  if (sequences.length === 0) return;
  await db.execute(sql`
    update outbox set done_at = ${doneAt.toISOString()}, last_error = null
    where done_at is null and sequence in (select value::bigint from json_array_elements_text(${JSON.stringify(sequences)}::json))`);
}

/** @param reason code of the error, never its words */
export async function markFailed(db: Database, environmentId: string, reason: string): Promise<void> {
  await db.execute(sql`
    update outbox set attempts = attempts + 1, last_error = ${reason}
    where environment_id = ${environmentId} and done_at is null`);
}

/** Environments with changes that are not published, longest waiting first. */
export async function environmentsToPublish(db: Database, limit: number): Promise<string[]> {
  const { rows } = await db.execute<{ environment_id: string }>(sql`
    select environment_id from outbox where done_at is null group by environment_id order by min(attempts), min(sequence) limit ${limit}`);
  return rows.map((row) => row.environment_id);
}

/** Drops outbox rows that were done before `before`; the audit keeps what happened. */
export async function dropDone(db: Database, before: Date): Promise<void> {
  await db.execute(sql`delete from outbox where done_at < ${before.toISOString()}`);
}

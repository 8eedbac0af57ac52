import { MAX_INCLUDE_DEPTH, type PromptContent } from "@millrace/core/contract";
import type { StoredVersion, VersionLookup } from "@millrace/core/prompt";
import { sql } from "drizzle-orm";
import type { Tenant } from "./tenant.ts";

interface IncludedRow extends Record<string, unknown> {
  readonly prompt: string;
  readonly version: number;
  readonly hash: string;
  readonly content: PromptContent;
}

/**
 * Everything of the project that pinned references (`name@3`, `name@sha256:<hash>`) reach, in one statement; to one level beyond the allowed
 * depth, so that the excess shows.
 */
export async function loadIncludes({ db, principal }: Tenant, references: readonly string[]): Promise<VersionLookup> {
  if (references.length === 0) return () => undefined;
  const { rows } = await db.execute<IncludedRow>(sql`
    with recursive reached (hash, depth) as (
      select v.hash, 1 from json_array_elements_text(${JSON.stringify(references)}::json) pinned
        join prompts p on p.project_id = ${principal.projectId} and p.name = split_part(pinned.value, '@', 1)
        join prompt_versions v on v.project_id = p.project_id and v.prompt_id = p.id
          and split_part(pinned.value, '@', 2) in (v.version::text, 'sha256:' || v.hash)
      union
      select pinned.value, r.depth + 1 from reached r
        join prompt_versions v on v.project_id = ${principal.projectId} and v.hash = r.hash
        cross join lateral json_each_text(v.includes) pinned
      where r.depth <= ${MAX_INCLUDE_DEPTH}
    )
    select p.name as prompt, v.version, v.hash, v.content
    from prompt_versions v join prompts p on p.project_id = v.project_id and p.id = v.prompt_id
    where v.project_id = ${principal.projectId} and v.hash in (select hash from reached)`);
  const stored = new Map<string, StoredVersion>();
  for (const { prompt, version, hash, content } of rows) {
    stored.set(`${prompt}@${version}`, { prompt, content });
    stored.set(`${prompt}@sha256:${hash}`, { prompt, content });
  }
  return (reference) =>
    stored.get(
      `${reference.prompt}@${"version" in reference ? String(reference.version) : `sha256:${reference.hash}`}`,
    );
}

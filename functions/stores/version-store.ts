import { MillraceError, type PromptContent } from "@millrace/core/contract";
import { labels, promptVersions } from "@millrace/migrations/schema";
import { and, desc, eq, sql } from "drizzle-orm";
import type { PromptRow } from "./prompt-store.ts";
import { type ChangeOutcome, runChange } from "./recorded-change.ts";
import { actorOf, type Change, type Tenant } from "./tenant.ts";

export type VersionRow = typeof promptVersions.$inferSelect;

/** A version that has been checked and hashed, before it has a number. */
export interface NewVersion {
  readonly promptName: string;
  readonly hash: string;
  readonly content: PromptContent;
  /** Alias → closure hash. */
  readonly includes: Readonly<Record<string, string>>;
  readonly message: string | undefined;
}

export async function listVersions({ db, principal }: Tenant, promptId: string): Promise<VersionRow[]> {
  return db
    .select()
    .from(promptVersions)
    .where(and(eq(promptVersions.projectId, principal.projectId), eq(promptVersions.promptId, promptId)))
    .orderBy(desc(promptVersions.version));
}

export async function findVersionByNumber(
  tenant: Tenant,
  promptId: string,
  version: number,
): Promise<VersionRow | undefined> {
  return findVersion(tenant, promptId, eq(promptVersions.version, version));
}

export async function findVersionByHash(
  tenant: Tenant,
  promptId: string,
  hash: string,
): Promise<VersionRow | undefined> {
  return findVersion(tenant, promptId, eq(promptVersions.hash, hash));
}

async function findVersion(
  { db, principal }: Tenant,
  promptId: string,
  where: ReturnType<typeof eq>,
): Promise<VersionRow | undefined> {
  const [row] = await db
    .select()
    .from(promptVersions)
    .where(and(eq(promptVersions.projectId, principal.projectId), eq(promptVersions.promptId, promptId), where));
  return row;
}

/** @throws MillraceError `unknown-label`, `label-removed` */
async function labelledVersion(tenant: Tenant, prompt: PromptRow, label: string): Promise<VersionRow> {
  const { db, principal } = tenant;
  const [row] = await db
    .select({ versionId: labels.versionId })
    .from(labels)
    .where(
      and(
        eq(labels.projectId, principal.projectId),
        eq(labels.environmentId, principal.environmentId),
        eq(labels.promptId, prompt.id),
        eq(labels.label, label),
      ),
    );
  if (row === undefined)
    throw new MillraceError("unknown-label", { message: `${prompt.name} has no label ${label} in this environment.` });
  if (row.versionId === null)
    throw new MillraceError("label-removed", { message: `The label ${label} of ${prompt.name} was removed.` });
  const version = await findVersion(tenant, prompt.id, eq(promptVersions.id, row.versionId));
  if (version === undefined)
    throw new MillraceError("internal", { message: "A label points at a version that is not there." });
  return version;
}

/**
 * A version by number, hash or label of the principal's environment.
 * @throws MillraceError `unknown-version`, `unknown-label`, `label-removed`
 */
export async function selectVersion(tenant: Tenant, prompt: PromptRow, selector: string): Promise<VersionRow> {
  const isNumber = /^[1-9][0-9]{0,8}$/.test(selector);
  if (!isNumber && !/^[0-9a-f]{64}$/.test(selector)) return labelledVersion(tenant, prompt, selector);
  const found = isNumber
    ? await findVersionByNumber(tenant, prompt.id, Number(selector))
    : await findVersionByHash(tenant, prompt.id, selector);
  if (found === undefined)
    throw new MillraceError("unknown-version", { message: `${prompt.name} has no version ${selector}.` });
  return found;
}

interface Inserted extends Record<string, unknown> {
  readonly version: number;
}

/** A prompt and its version 1. No rows: a prompt of this name exists. */
export async function insertPrompt(
  change: Change,
  version: NewVersion,
  description: string,
): Promise<ChangeOutcome<Inserted>> {
  const { projectId } = change.principal;
  const at = change.at.toISOString();
  return runChange<Inserted>(
    change,
    sql`prompt as (
      insert into prompts (id, project_id, name, description, latest_version, created_at)
      values (${change.newId("prompt")}, ${projectId}, ${version.promptName}, ${description}, 1, ${at}::timestamptz)
      on conflict (project_id, name) do nothing returning id, latest_version
    ),
    changed as (${insertVersion(change, version)})`,
    {
      action: "prompt.create",
      subject: version.promptName,
      detail: { version: 1, hash: version.hash },
      scope: "project",
    },
  );
}

/**
 * The next version, if `expectedLatest` is still the latest and no version has this content. The row lock of the counter makes two
 * simultaneous pushes take turns, and the second finds its expectation untrue. No rows: nothing was written.
 */
export async function insertNextVersion(
  change: Change,
  version: NewVersion,
  expectedLatest: number,
): Promise<ChangeOutcome<Inserted>> {
  const { projectId } = change.principal;
  return runChange<Inserted>(
    change,
    sql`prompt as (
      update prompts p set latest_version = p.latest_version + 1
      where p.project_id = ${projectId} and p.name = ${version.promptName} and p.latest_version = ${expectedLatest}::integer
        and not exists (select 1 from prompt_versions v where v.project_id = p.project_id and v.prompt_id = p.id and v.hash = ${version.hash})
      returning id, latest_version
    ),
    changed as (${insertVersion(change, version)})`,
    {
      action: "version.create",
      subject: version.promptName,
      detail: { version: expectedLatest + 1, hash: version.hash },
      scope: "project",
    },
  );
}

function insertVersion(change: Change, version: NewVersion) {
  return sql`
    insert into prompt_versions (id, project_id, prompt_id, version, hash, content, includes, message, author, created_at)
    select ${change.newId("version")}, ${change.principal.projectId}, prompt.id, prompt.latest_version, ${version.hash},
      ${JSON.stringify(version.content)}::json, ${JSON.stringify(version.includes)}::json, ${version.message ?? null}::text, ${actorOf(change)},
      ${change.at.toISOString()}::timestamptz
    from prompt returning version`;
}

import { MillraceError } from "@millrace/core/contract";
import { labels, prompts, promptVersions } from "@millrace/migrations/schema";
import { and, asc, eq, isNotNull } from "drizzle-orm";
import type { Tenant } from "./tenant.ts";

export interface PromptRow {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly latestVersion: number;
  readonly createdAt: Date;
}

/** Label → version number of the principal's environment, by prompt id. Removed labels are absent. */
export type LabelNumbers = ReadonlyMap<string, Readonly<Record<string, number>>>;

export async function listPrompts({ db, principal }: Tenant): Promise<PromptRow[]> {
  return db.select().from(prompts).where(eq(prompts.projectId, principal.projectId)).orderBy(asc(prompts.name));
}

/** @throws MillraceError `unknown-prompt` */
export async function getPrompt(tenant: Tenant, name: string): Promise<PromptRow> {
  const prompt = await findPrompt(tenant, name);
  if (prompt === undefined) throw new MillraceError("unknown-prompt", { message: `There is no prompt ${name}.` });
  return prompt;
}

export async function findPrompt({ db, principal }: Tenant, name: string): Promise<PromptRow | undefined> {
  const [prompt] = await db
    .select()
    .from(prompts)
    .where(and(eq(prompts.projectId, principal.projectId), eq(prompts.name, name)));
  return prompt;
}

export async function labelNumbers({ db, principal }: Tenant): Promise<LabelNumbers> {
  const rows = await db
    .select({ promptId: labels.promptId, label: labels.label, version: promptVersions.version })
    .from(labels)
    .innerJoin(
      promptVersions,
      and(eq(promptVersions.projectId, labels.projectId), eq(promptVersions.id, labels.versionId)),
    )
    .where(
      and(
        eq(labels.projectId, principal.projectId),
        eq(labels.environmentId, principal.environmentId),
        isNotNull(labels.versionId),
      ),
    )
    .orderBy(asc(labels.label));
  const numbers = new Map<string, Record<string, number>>();
  for (const { promptId, label, version } of rows)
    numbers.set(promptId, { ...numbers.get(promptId), [label]: version });
  return numbers;
}

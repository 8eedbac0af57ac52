import type { PromptContent } from "@millrace/core/contract";
import { assertPublishable, type PromptClosure, resolveClosure } from "@millrace/core/prompt";
import { loadIncludes } from "../stores/include-store.ts";
import type { Tenant } from "../stores/tenant.ts";
import type { NewVersion } from "../stores/version-store.ts";

export interface VersionDraft {
  readonly promptName: string;
  readonly content: PromptContent;
  readonly message: string | undefined;
}

/**
 * Checks a draft with everything that it includes, and names it by its closure hash.
 * @throws MillraceError `invalid-prompt`, `unknown-version`, `cyclic-composition`, `template-error`
 */
export async function prepareVersion(tenant: Tenant, draft: VersionDraft): Promise<NewVersion> {
  const { promptName, content, message } = draft;
  const closure = await loadClosure(tenant, promptName, content);
  assertPublishable(content, closure.includes);
  const includes = Object.fromEntries(Object.entries(closure.includes).map(([alias, { hash }]) => [alias, hash]));
  return { promptName, content, message, includes, hash: closure.hash };
}

/** @throws MillraceError `unknown-version`, `cyclic-composition`, `invalid-prompt` */
export async function loadClosure(tenant: Tenant, promptName: string, content: PromptContent): Promise<PromptClosure> {
  const lookup = await loadIncludes(tenant, Object.values(content.includes));
  return resolveClosure({ prompt: promptName, content }, lookup);
}

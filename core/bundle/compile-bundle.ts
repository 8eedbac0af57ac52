import {
  type Bundle,
  type BundleVersion,
  bundleSchema,
  MAX_BUNDLE_BYTES,
  MillraceError,
  SERVED_RECENT_VERSIONS,
} from "../contract/index.ts";
import { canonicalJson, sha256Hex } from "../content/index.ts";
import { bundlePrices } from "./bundle-prices.ts";
import type { BundleRows, BundleVersionRow } from "./bundle-rows.ts";

/**
 * Everything that decides how requests are answered, as one document. Served are, of each prompt, the newest SERVED_RECENT_VERSIONS versions,
 * every label's version and the one before its last move (so that a rollback is a pointer move), and whatever these include.
 * Deterministic: the same rows in any order give the same document.
 * @throws MillraceError `internal` when an included version or a label's version is not among the rows.
 */
export function compileBundle(rows: BundleRows): Bundle {
  const names = new Map(rows.prompts.map(({ id, name }) => [id, name]));
  const served = servedVersions(rows);
  const closure = withIncludes(served, rows.versions);
  return bundleSchema.parse({
    schema: 1,
    project: rows.project,
    environment: rows.environment,
    keys: Object.fromEntries(rows.keys.map((key) => [key.hash, bundleKey(key)])),
    prompts: Object.fromEntries(rows.prompts.map((prompt) => [prompt.name, bundlePrompt({ prompt, served, rows })])),
    versions: bundleVersions(closure, names),
    models: Object.fromEntries(rows.models.map((model) => [model.name, model])),
    providers: Object.fromEntries(rows.providers.map((provider) => [provider.name, provider])),
    cache_epochs: cacheEpochs(rows.cachePurges),
    budgets: [...rows.budgets].sort((a, b) => compare(a.name, b.name)),
    ...bundlePrices(rows),
  });
}

/**
 * The bytes that travel, and their name. @throws MillraceError `bundle-too-large` beyond MAX_BUNDLE_BYTES.
 */
export function encodeBundle(bundle: Bundle): { readonly json: string; readonly hash: string; readonly bytes: number } {
  const json = canonicalJson(bundle);
  const bytes = new TextEncoder().encode(json);
  if (bytes.length > MAX_BUNDLE_BYTES) {
    throw new MillraceError("bundle-too-large", {
      message: `The bundle of ${bundle.environment.name} would be ${bytes.length} bytes; the limit is ${MAX_BUNDLE_BYTES}.`,
    });
  }
  return { json, hash: sha256Hex(bytes), bytes: bytes.length };
}

/** SHA-256 of the bundle's canonical JSON. */
export function bundleHash(bundle: Bundle): string {
  return sha256Hex(canonicalJson(bundle));
}

function bundleKey(key: BundleRows["keys"][number]): Bundle["keys"][string] {
  return {
    id: key.id,
    permissions: [...key.permissions].sort(),
    ...(key.expiresAt === null ? {} : { expires_at: new Date(key.expiresAt).toISOString() }),
  };
}

function cacheEpochs(purges: BundleRows["cachePurges"]): Bundle["cache_epochs"] {
  const of = (kind: BundleRows["cachePurges"][number]["kind"]): Record<string, number> =>
    Object.fromEntries(purges.filter((purge) => purge.kind === kind).map(({ subject, epoch }) => [subject, epoch]));
  return { environment: of("environment")[""] ?? 0, prompts: of("prompt"), versions: of("version"), tags: of("tag") };
}

function servedVersions(rows: BundleRows): BundleVersionRow[] {
  const pointedAt = new Set(rows.labels.flatMap((label) => [label.versionId, label.previousVersionId]));
  const recent = new Set<string>();
  for (const prompt of rows.prompts) {
    const newestFirst = rows.versions
      .filter(({ promptId }) => promptId === prompt.id)
      .sort((a, b) => b.version - a.version);
    for (const { id } of newestFirst.slice(0, SERVED_RECENT_VERSIONS)) recent.add(id);
  }
  return rows.versions.filter(({ id }) => recent.has(id) || pointedAt.has(id));
}

function withIncludes(served: readonly BundleVersionRow[], all: readonly BundleVersionRow[]): BundleVersionRow[] {
  const byHash = new Map<string, BundleVersionRow[]>();
  for (const row of all) byHash.set(row.hash, [...(byHash.get(row.hash) ?? []), row]);
  const closure = new Set(served);
  for (const row of closure) {
    // A Set iterates what is added meanwhile, so this walks the includes of includes as well.
    for (const [alias, hash] of Object.entries(row.includes)) {
      const included = byHash.get(hash);
      if (included === undefined) {
        throw new MillraceError("internal", {
          message: `Version ${row.id} includes ${alias}, which is not among the rows.`,
        });
      }
      for (const each of included) closure.add(each);
    }
  }
  return [...closure];
}

/** Two prompts may hold the same content, hence the same hash: the first by name and number lends its name, whatever the order of the rows. */
function bundleVersions(
  rows: readonly BundleVersionRow[],
  names: ReadonlyMap<string, string>,
): Record<string, BundleVersion> {
  const versions = rows
    .map((row) => ({ hash: row.hash, version: bundleVersion(row, names) }))
    .sort((a, b) => compare(b.version.prompt, a.version.prompt) || b.version.version - a.version.version);
  return Object.fromEntries(versions.map(({ hash, version }) => [hash, version]));
}

function bundleVersion(row: BundleVersionRow, names: ReadonlyMap<string, string>): BundleVersion {
  return {
    prompt: names.get(row.promptId) ?? "",
    version: row.version,
    content: row.content,
    includes: { ...row.includes },
  };
}

interface PromptRows {
  readonly prompt: BundleRows["prompts"][number];
  readonly served: readonly BundleVersionRow[];
  readonly rows: BundleRows;
}

function bundlePrompt({ prompt, served, rows }: PromptRows): Bundle["prompts"][string] {
  const own = served.filter(({ promptId }) => promptId === prompt.id);
  const hashes = new Map(own.map(({ id, hash }) => [id, hash]));
  const labels = rows.labels.filter(({ promptId }) => promptId === prompt.id);
  return {
    id: prompt.id,
    labels: Object.fromEntries(labels.map(({ label, versionId }) => [label, labelHash(hashes, versionId)])),
    numbers: Object.fromEntries(own.map(({ version, hash }) => [String(version), hash])),
  };
}

function labelHash(hashes: ReadonlyMap<string, string>, versionId: string | null): string | null {
  if (versionId === null) return null;
  const hash = hashes.get(versionId);
  if (hash === undefined)
    throw new MillraceError("internal", { message: `A label points at ${versionId}, which is not among the rows.` });
  return hash;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

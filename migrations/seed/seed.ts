import { type PromptContent, promptContentSchema, providerSchema, type TargetRoute } from "@millrace/core/contract";
import { assertPublishable, closureHash } from "@millrace/core/prompt";
import type { RunBatch, SqlStatement } from "../migrate.ts";
import { DEMONSTRATION_CONTEXT_TOKENS, DEMONSTRATION_MODEL, demonstrationPrompts } from "./demonstration-prompts.ts";
import { seedId } from "./seed-id.ts";

const PROJECT = "northwind";
const PROVIDER = "local-runner";
const ACTOR = "seed";

/** Labels of each environment, as the versions they were moved to one after another; the last is where they point. */
const environments = [
  { name: "development", protectedLabels: "{}", labels: { production: [1, 2], candidate: [3] } },
  { name: "staging", protectedLabels: "{production}", labels: { production: [1, 2], candidate: [3] } },
  { name: "production", protectedLabels: "{production}", labels: { production: [1], candidate: [2] } },
] as const;

/** Where `npm start` puts the runner by default; the launcher moves the provider when it is elsewhere. */
const DEFAULT_RUNNER_URL = "http://127.0.0.1:8790/v1";

export interface SeedOptions {
  readonly runnerUrl?: string;
  readonly now?: Date;
}

export interface SeedResult {
  readonly projectId: string;
  readonly projectSlug: string;
  /** The development environment: the one that the local key belongs to. */
  readonly environmentId: string;
  /** Every environment of the project, by name. */
  readonly environmentIds: Readonly<Record<string, string>>;
  /** False when the project was there already: then nothing was written. */
  readonly created: boolean;
}

/** The demonstration project, once. What somebody changed or deleted since stays as they left it. */
export async function seed(runBatch: RunBatch, options: SeedOptions = {}): Promise<SeedResult> {
  const { runnerUrl = DEFAULT_RUNNER_URL, now = new Date() } = options;
  const at = now.toISOString();
  const [inserted = []] = await runBatch([
    {
      text: "insert into projects (id, slug, name, created_at) values ($1, $2, 'Northwind Outfitters', $3) on conflict do nothing returning id",
      params: [projectId, PROJECT, at],
    },
    ...environments.map((environment) => insertEnvironment(environment, at)),
    ...insertCatalog(runnerUrl, at),
    ...demonstrationPrompts.flatMap((_prompt, index) => insertPrompt(index, at)),
  ]);
  const environmentIds = Object.fromEntries(environments.map(({ name }) => [name, environmentId(name)]));
  return {
    projectId,
    projectSlug: PROJECT,
    environmentId: environmentId("development"),
    environmentIds,
    created: inserted.length > 0,
  };
}

const environmentId = (name: string) => seedId("environment", `${PROJECT}/${name}`);

/** True of the rows that this very batch inserts the project with: on later starts nothing that was deleted comes back. */
const FRESH = "exists (select 1 from projects where id = $1 and created_at = $2::timestamptz)";
const projectId = seedId("project", PROJECT);

function insertEnvironment(environment: (typeof environments)[number], at: string): SqlStatement {
  return {
    text: `insert into environments (id, project_id, name, protected_labels, created_at)
      select $3, $1, $4, $5::text[], $2::timestamptz where ${FRESH} on conflict do nothing`,
    params: [projectId, at, environmentId(environment.name), environment.name, environment.protectedLabels],
  };
}

function insertCatalog(runnerUrl: string, at: string): SqlStatement[] {
  const providerId = seedId("provider", `${PROJECT}/${PROVIDER}`);
  const modelId = seedId("model", `${PROJECT}/${DEMONSTRATION_MODEL}`);
  const { timeouts, base_url: baseUrl = runnerUrl } = providerSchema.parse({
    name: PROVIDER,
    kind: "runner",
    base_url: runnerUrl,
  });
  const route: TargetRoute = {
    kind: "target",
    provider: PROVIDER,
    model: DEMONSTRATION_MODEL,
    context_tokens: DEMONSTRATION_CONTEXT_TOKENS,
  };
  return [
    {
      text: `insert into providers (id, project_id, name, kind, base_url, timeouts, created_at, updated_at)
        select $3, $1, $4, 'runner', $5, $6::json, $2::timestamptz, $2::timestamptz where ${FRESH} on conflict do nothing`,
      params: [projectId, at, providerId, PROVIDER, baseUrl, JSON.stringify(timeouts)],
    },
    {
      text: `insert into models (id, project_id, name, route, surfaces, created_at, updated_at)
        select $3, $1, $4, $5::json, '{chat,completions,embeddings}', $2::timestamptz, $2::timestamptz where ${FRESH} on conflict do nothing`,
      params: [projectId, at, modelId, DEMONSTRATION_MODEL, JSON.stringify(route)],
    },
    {
      text: `insert into route_targets (project_id, model_id, provider_id) select $1, $3, $4 where ${FRESH} on conflict do nothing`,
      params: [projectId, at, modelId, providerId],
    },
    insertPrice(at),
    {
      text: `insert into outbox (project_id, environment_id, reason, created_at)
        select e.project_id, e.id, 'seed', $2::timestamptz from environments e where e.project_id = $1 and ${FRESH}`,
      params: [projectId, at],
    },
  ];
}

/** The runner is on this machine, and nobody sends a bill for a call: a price of 0 is what is known, where none would mean unknown. */
function insertPrice(at: string): SqlStatement {
  const price = {
    scope: { provider: PROVIDER },
    model: DEMONSTRATION_MODEL,
    match: "exact",
    rates: { input: 0, output: 0 },
  };
  return {
    text: `insert into prices (id, project_id, origin, scope, scope_name, model, match, valid_from, price, created_at, updated_at)
      select $3, $1, 'override', 'provider', $4, $5, 'exact', '-infinity', $6::json, $2::timestamptz, $2::timestamptz where ${FRESH}
      on conflict do nothing`,
    params: [
      projectId,
      at,
      seedId("price", `${PROJECT}/${DEMONSTRATION_MODEL}`),
      PROVIDER,
      DEMONSTRATION_MODEL,
      JSON.stringify(price),
    ],
  };
}

function insertPrompt(index: number, at: string): SqlStatement[] {
  const prompt = demonstrationPrompts[index];
  if (prompt === undefined) return [];
  const promptId = seedId("prompt", `${PROJECT}/${prompt.name}`);
  return [
    {
      text: `insert into prompts (id, project_id, name, description, latest_version, created_at)
        select $3, $1, $4, $5, $6::integer, $2::timestamptz where ${FRESH} on conflict do nothing`,
      params: [projectId, at, promptId, prompt.name, prompt.description, String(prompt.versions.length)],
    },
    ...prompt.versions.map(({ message, content }, position) =>
      insertVersion({ promptId, number: position + 1, content: promptContentSchema.parse(content), message, at }),
    ),
    ...environments.flatMap(({ name, labels }) =>
      Object.entries(labels).flatMap(([label, numbers]) =>
        insertLabel({ promptId, environment: name, label, numbers, at }),
      ),
    ),
  ];
}

const versionId = (promptId: string, number: number) => seedId("version", `${promptId}@${number}`);

interface SeedVersion {
  readonly promptId: string;
  readonly number: number;
  readonly content: PromptContent;
  readonly message: string;
  readonly at: string;
}

function insertVersion({ promptId, number, content, message, at }: SeedVersion): SqlStatement {
  assertPublishable(content);
  return {
    text: `insert into prompt_versions (id, project_id, prompt_id, version, hash, content, includes, message, author, created_at)
      select $3, $1, $4, $5::integer, $6, $7::json, '{}', $8, '${ACTOR}', $2::timestamptz where ${FRESH} on conflict do nothing`,
    params: [
      projectId,
      at,
      versionId(promptId, number),
      promptId,
      String(number),
      closureHash(content, {}),
      JSON.stringify(content),
      message,
    ],
  };
}

interface SeedLabel {
  readonly promptId: string;
  readonly environment: string;
  readonly label: string;
  readonly numbers: readonly number[];
  readonly at: string;
}

function insertLabel({ promptId, environment, label, numbers, at }: SeedLabel): SqlStatement[] {
  const shared = [projectId, at, environmentId(environment), promptId, label];
  const ids = numbers.map((number) => versionId(promptId, number));
  const moves = ids.map((id, index) => ({
    text: `insert into label_moves (id, project_id, environment_id, prompt_id, label, from_version_id, to_version_id, kind, actor, moved_at)
      select $6, $1, $3, $4, $5, nullif($7, ''), $8, 'set', '${ACTOR}', $2::timestamptz where ${FRESH} on conflict do nothing`,
    params: [...shared, seedId("labelMove", `${environment}/${promptId}/${label}/${index}`), ids[index - 1] ?? "", id],
  }));
  return [
    {
      text: `insert into labels (project_id, environment_id, prompt_id, label, version_id, previous_version_id, moved_at, moved_by)
        select $1, $3, $4, $5, $6, nullif($7, ''), $2::timestamptz, '${ACTOR}' where ${FRESH} on conflict do nothing`,
      params: [...shared, ids.at(-1) ?? "", ids.at(-2) ?? ""],
    },
    ...moves,
  ];
}

import { createHash, randomBytes } from "node:crypto";
import { apiKeySchema, formatApiKey, newId, permissionSchema, keyHint } from "@millrace/core/contract";
import type { RunBatch } from "@millrace/migrations/migrate";
import { StartError } from "./config.ts";
import { readLocalKey, writeLocalKey } from "./local-file.ts";

const projectSlug = "northwind";
const environmentName = "development";

/**
 * The key of the demonstration project that the banner shows: the one of last time while it is valid, else a new one that
 * may do everything. Only its hash reaches the database.
 * @throws StartError when the demonstration project is not there.
 */
export async function keepLocalKey(dataDir: string, runBatch: RunBatch): Promise<string> {
  const known = await readLocalKey(dataDir);
  if (known !== undefined && (await isValid(known, runBatch))) {
    await writeLocalKey(dataDir, known);
    return known;
  }
  const [[environment] = []] = await runBatch([
    {
      text: "select e.id, e.project_id from environments e join projects p on p.id = e.project_id where p.slug = $1 and e.name = $2",
      params: [projectSlug, environmentName],
    },
  ]);
  if (environment === undefined) {
    throw new StartError(`the database has no project ${projectSlug} with an environment ${environmentName}`);
  }
  const [environmentId, projectId] = [String(environment["id"]), String(environment["project_id"])];
  const key = formatApiKey(environmentId, randomBytes(32).toString("base64url"));
  const now = new Date().toISOString();
  const permissions = `{${permissionSchema.options.map((name) => `"${name}"`).join(",")}}`;
  // Kept first: a start that is killed in between finds a key that is not valid, and makes another.
  await writeLocalKey(dataDir, key);
  await runBatch([
    {
      text: `insert into keys (id, project_id, environment_id, name, hash, hint, permissions, created_at, created_by)
        values ($1, $2, $3, 'local stack', $4, $5, $6::text[], $7::timestamptz, 'local-stack')`,
      params: [
        newId("key", { nowMs: Date.now(), random: randomBytes(10) }),
        projectId,
        environmentId,
        hashOf(key),
        keyHint(key),
        permissions,
        now,
      ],
    },
    {
      text: "insert into outbox (project_id, environment_id, reason, created_at) values ($1, $2, 'key-created', $3::timestamptz)",
      params: [projectId, environmentId, now],
    },
  ]);
  return key;
}

async function isValid(key: string, runBatch: RunBatch): Promise<boolean> {
  if (!apiKeySchema.safeParse(key).success) return false;
  const [rows = []] = await runBatch([
    {
      text: "select 1 from keys where hash = $1 and revoked_at is null and (expires_at is null or expires_at > now())",
      params: [hashOf(key)],
    },
  ]);
  return rows.length > 0;
}

function hashOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

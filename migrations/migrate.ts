import { readdir, readFile } from "node:fs/promises";
import { URL } from "node:url";
import { sha256Hex } from "@millrace/core/content";

export interface SqlStatement {
  readonly text: string;
  readonly params?: readonly string[];
}

/** Runs the statements, one after another, in one transaction; gives the rows of each. PGlite, pg and Neon's HTTP driver all can. */
export type RunBatch = (
  statements: readonly SqlStatement[],
) => Promise<readonly (readonly Record<string, unknown>[])[]>;

export interface Migration {
  /** File name: `<UTC timestamp>_<what>.sql`; files are applied in the order of their names. */
  readonly name: string;
  readonly text: string;
}

export interface MigrateResult {
  /** Names of the files that this call applied. */
  readonly applied: readonly string[];
}

const STATEMENT_BREAK = "--> statement-breakpoint";
/** Any constant will do, as long as all migrators use the same. */
const LOCK = { text: "SELECT pg_advisory_xact_lock(7110011803)" };
const HISTORY_TABLE =
  "CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())";

/** The project's own migrations, in order. */
export async function loadMigrations(folder: URL = new URL("./sql/", import.meta.url)): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(new URL(name, folder), "utf8") })));
}

/**
 * Applies the pending files, each in one transaction, and records name and SHA-256. Forward only. Two migrators may run at once: the one
 * that comes second waits for the lock, finds the name taken and goes on.
 * @throws Error when an applied file has changed, is missing, or a new one sorts before an applied one.
 */
export async function migrate(runBatch: RunBatch, migrations: readonly Migration[]): Promise<MigrateResult> {
  await runBatch([LOCK, { text: HISTORY_TABLE }]);
  const applied: string[] = [];
  for (let next = await nextPending(runBatch, migrations); next; next = await nextPending(runBatch, migrations)) {
    if (await apply(runBatch, next)) applied.push(next.name);
  }
  return { applied };
}

async function nextPending(runBatch: RunBatch, migrations: readonly Migration[]): Promise<Migration | undefined> {
  const [rows = []] = await runBatch([{ text: "SELECT name, sha256 FROM schema_migrations ORDER BY name" }]);
  const pending = migrations.slice(rows.length);
  for (const [index, row] of rows.entries()) {
    const migration = migrations[index];
    if (migration === undefined || migration.name !== row["name"]) {
      throw new Error(
        `The database has applied ${String(row["name"])}, which is not where it was among the files: expected ${migration?.name ?? "no further file"}. Migrations are only ever added at the end.`,
      );
    }
    if (sha256Hex(migration.text) !== row["sha256"]) {
      throw new Error(`${migration.name} has changed since it was applied. Add a new file instead.`);
    }
  }
  return pending[0];
}

/** False when another migrator has applied it in the meantime. */
async function apply(runBatch: RunBatch, migration: Migration): Promise<boolean> {
  const record = {
    text: "INSERT INTO schema_migrations (name, sha256) VALUES ($1, $2)",
    params: [migration.name, sha256Hex(migration.text)],
  };
  const statements = migration.text.split(STATEMENT_BREAK).map((text) => ({ text: text.trim() }));
  try {
    await runBatch([LOCK, record, ...statements]);
    return true;
  } catch (error) {
    if (isTaken(error)) return false;
    throw new Error(`${migration.name} failed: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function isTaken(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    error.code === "23505" &&
    "constraint" in error &&
    error.constraint === "schema_migrations_pkey"
  );
}

import { PGlite } from "@electric-sql/pglite";
import { loadMigrations, migrate, type RunBatch } from "@millrace/migrations/migrate";
import { neon, neonConfig } from "@neondatabase/serverless";
import pg from "pg";
import {
  pgliteBackend,
  postgresBackend,
  type SqlBackend,
  startNeonEndpoint,
} from "../../infra/local/neon-endpoint/index.ts";
import { startRealPostgres } from "./real-postgres.ts";

/** One migrated database of its own, behind an endpoint that speaks Neon's protocol: what the functions Worker sees. */
export interface TestDatabase {
  readonly databaseUrl: string;
  readonly neonFetchEndpoint: string;
  /** One statement, past the Worker's own driver; rows as objects. */
  query(text: string, params?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Runs batches through Neon's protocol, as a migration of a hosted database does. */
  readonly runBatch: RunBatch;
  /** Stops the endpoint and drops the database. */
  close(): Promise<void>;
}

export interface DatabaseKind {
  readonly name: string;
  readonly start: (options?: { readonly migrated?: boolean }) => Promise<TestDatabase>;
}

/** Both, always: a test that passes on one only has not passed. */
export const databaseKinds: readonly DatabaseKind[] = [
  { name: "PGlite", start: startPglite },
  { name: "PostgreSQL", start: startPostgres },
];

interface StartOptions {
  readonly migrated?: boolean;
}

async function startPglite({ migrated = true }: StartOptions = {}): Promise<TestDatabase> {
  const db = await PGlite.create();
  return serve({
    backend: await pgliteBackend(db),
    migrated,
    query: async (text, params = []) => (await db.query<Record<string, unknown>>(text, [...params])).rows,
    drop: () => db.close(),
  });
}

async function startPostgres({ migrated = true }: StartOptions = {}): Promise<TestDatabase> {
  const postgres = await startRealPostgres();
  const pool = new pg.Pool({ connectionString: postgres.url, max: 2 });
  return serve({
    backend: postgresBackend(postgres.url),
    migrated,
    query: async (text, params = []) => (await pool.query<Record<string, unknown>>(text, [...params])).rows,
    drop: async () => {
      await pool.end();
      await postgres.close();
    },
  });
}

interface Served {
  readonly backend: SqlBackend;
  readonly migrated: boolean;
  readonly query: TestDatabase["query"];
  readonly drop: () => Promise<void>;
}

async function serve({ backend, migrated, query, drop }: Served): Promise<TestDatabase> {
  const endpoint = await startNeonEndpoint({ backend, port: 0 });
  // The endpoint decides which database answers; the URL only has to look like one.
  const databaseUrl = "postgres://test:test@localhost/millrace";
  const runBatch: RunBatch = async (statements) => {
    neonConfig.fetchEndpoint = endpoint.url;
    const sql = neon(databaseUrl);
    return sql.transaction(statements.map(({ text, params = [] }) => sql.query(text, [...params])));
  };
  if (migrated) await migrate(runBatch, await loadMigrations());
  return {
    databaseUrl,
    neonFetchEndpoint: endpoint.url,
    query,
    runBatch,
    close: async () => {
      await endpoint.close();
      await backend.close();
      await drop();
    },
  };
}

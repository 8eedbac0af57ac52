import { Pool } from "pg";
import type { PoolClient, QueryArrayConfig } from "pg";
import { commandOf, touchesSession, transactionModeSql } from "./sql-backend.ts";
import type { SqlBackend, SqlResult, SqlStatement } from "./sql-backend.ts";

/** Neon's pooler keeps more; a laptop's server has 100 connections for everything on it. */
const maxConnections = 8;
const connectTimeoutMs = 5_000;

/** Values stay text: the Neon driver on the other side is the one who parses. */
const asText = { getTypeParser: () => (value: string) => value };

/** Serves a real PostgreSQL server through a pool of its own. */
export function postgresBackend(url: string): SqlBackend {
  const pool = new Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    types: asText,
    application_name: "millrace-neon-endpoint",
  });
  // An idle connection that breaks is replaced at its next use; whoever uses it then hears of it.
  pool.on("error", () => undefined);

  async function withClient<T>(work: (client: PoolClient) => Promise<T>, keep: boolean): Promise<T> {
    const client = await pool.connect();
    let reusable = false;
    try {
      const value = await work(client);
      reusable = keep;
      return value;
    } catch (error) {
      reusable = keep && isDatabaseError(error);
      throw error;
    } finally {
      client.release(!reusable);
    }
  }

  return {
    single: async (statement) => withClient((client) => run(client, statement), !touchesSession(statement.query)),
    batch: async (statements, mode) =>
      withClient(async (client) => {
        const modeSql = transactionModeSql(mode);
        await client.query(modeSql === undefined ? "begin" : `begin ${modeSql}`);
        try {
          const results: SqlResult[] = [];
          for (const statement of statements) results.push(await run(client, statement));
          await client.query("commit");
          return results;
        } catch (error) {
          if (isDatabaseError(error)) await client.query("rollback");
          throw error;
        }
      }, true),
    close: async () => {
      await pool.end();
    },
  };
}

async function run(client: PoolClient, statement: SqlStatement): Promise<SqlResult> {
  const config: QueryArrayConfig<(string | null)[]> & { readonly queryMode: "extended" } = {
    text: statement.query,
    values: [...statement.params],
    rowMode: "array",
    // One statement a query, as on Neon; the simple protocol would take several.
    queryMode: "extended",
  };
  const result = await client.query<(string | null)[], (string | null)[]>(config);
  return {
    command: commandOf(statement.query),
    rowCount: result.rowCount ?? 0,
    fields: result.fields.map(({ name, dataTypeID }) => ({ name, dataTypeID })),
    rows: result.rows,
  };
}

/** The server answered with a SQLSTATE, so the connection still works. */
function isDatabaseError(error: unknown): boolean {
  return error instanceof Error && "severity" in error && "code" in error;
}

import type { PGlite, PGliteInterface, Transaction } from "@electric-sql/pglite";
import { commandOf, touchesSession, transactionModeSql } from "./sql-backend.ts";
import type { SqlBackend, SqlResult, SqlStatement } from "./sql-backend.ts";

type Session = Pick<PGliteInterface | Transaction, "query">;
type TextCodec = Record<number, (value: string) => string>;

/**
 * Serves one PGlite. It is a single session: a transaction keeps every other query waiting, so batches never interleave.
 * The caller keeps the database and closes it; `close` here only waits for what runs.
 */
export async function pgliteBackend(db: PGlite): Promise<SqlBackend> {
  const asText = await textCodec(db);

  async function run(session: Session, statement: SqlStatement): Promise<SqlResult> {
    const result = await session.query<(string | null)[]>(statement.query, [...statement.params], {
      rowMode: "array",
      parsers: asText,
      serializers: asText,
    });
    return {
      command: commandOf(statement.query),
      rowCount: result.rows.length > 0 ? result.rows.length : (result.affectedRows ?? 0),
      fields: result.fields.map(({ name, dataTypeID }) => ({ name, dataTypeID })),
      rows: result.rows,
    };
  }

  async function single(statement: SqlStatement): Promise<SqlResult> {
    if (!touchesSession(statement.query)) return run(db, statement);
    // What the statement sets is undone before anybody else gets the session.
    const result = await db.transaction(async (tx) => {
      const value = await run(tx, statement);
      await tx.rollback();
      return value;
    });
    await db.exec("discard all");
    return result;
  }

  return {
    single,
    batch: async (statements, mode) =>
      db.transaction(async (tx) => {
        const modeSql = transactionModeSql(mode);
        if (modeSql !== undefined) await tx.query(`set transaction ${modeSql}`);
        const results: SqlResult[] = [];
        for (const statement of statements) results.push(await run(tx, statement));
        return results;
      }),
    close: async () => {
      await db.query("select 1");
    },
  };
}

/** Identity for every type the catalogue knows; PGlite passes types that are made later through as text by itself. */
async function textCodec(db: PGlite): Promise<TextCodec> {
  const { rows } = await db.query<{ oid: number }>("select oid::int as oid from pg_type");
  return Object.fromEntries(rows.map(({ oid }) => [oid, (value: string) => value]));
}

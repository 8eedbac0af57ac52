import type { RunBatch } from "@millrace/migrations/migrate";
import type { SqlBackend } from "./neon-endpoint/index.ts";

/** The backend as migrations and seed want it: statements in one transaction, rows as objects of text. */
export function runBatchOn(backend: SqlBackend): RunBatch {
  return async (statements) => {
    const results = await backend.batch(
      statements.map(({ text, params }) => ({ query: text, params: params ?? [] })),
      {},
    );
    return results.map(({ fields, rows }) =>
      rows.map((row) => Object.fromEntries(fields.map(({ name }, index) => [name, row[index]]))),
    );
  };
}

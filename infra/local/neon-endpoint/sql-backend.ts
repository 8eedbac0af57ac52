/** One statement as the Neon driver sends it: every parameter is PostgreSQL text already, or null. */
export interface SqlStatement {
  readonly query: string;
  readonly params: readonly (string | null)[];
}

export const isolationLevels = ["read uncommitted", "read committed", "repeatable read", "serializable"] as const;

/** How one batch runs; what is absent is the server's default. */
export interface TransactionMode {
  readonly isolation?: (typeof isolationLevels)[number];
  readonly readOnly?: boolean;
  readonly deferrable?: boolean;
}

export interface SqlResult {
  /** First word of the statement, in capitals: `SELECT`. */
  readonly command: string;
  /** Rows returned, or touched when none are returned. */
  readonly rowCount: number;
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  /** Values in PostgreSQL's text format. */
  readonly rows: readonly (readonly (string | null)[])[];
}

/**
 * A database behind the endpoint. A rejected promise carries what the database said (`code` is the SQLSTATE); without a
 * SQLSTATE the database could not be reached.
 */
export interface SqlBackend {
  /** Runs one statement in a transaction of its own. No state of the session outlives it. */
  single(statement: SqlStatement): Promise<SqlResult>;
  /** Runs the statements in order in one transaction: all or none. */
  batch(statements: readonly SqlStatement[], mode: TransactionMode): Promise<readonly SqlResult[]>;
  close(): Promise<void>;
}

export function commandOf(query: string): string {
  return /^[\s;]*([a-z]+)/i.exec(query.replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, " "))?.[1]?.toUpperCase() ?? "";
}

/** Statements that would leave something behind in a session which the next caller shares. */
const sessionCommands = new Set(["BEGIN", "START", "SET", "RESET", "LISTEN", "PREPARE", "DECLARE", "LOCK"]);

export function touchesSession(query: string): boolean {
  return sessionCommands.has(commandOf(query));
}

/** The characteristics of a transaction as SQL, or undefined when all are the defaults. */
export function transactionModeSql(mode: TransactionMode): string | undefined {
  const parts = [
    mode.isolation === undefined ? undefined : `isolation level ${mode.isolation}`,
    mode.readOnly === undefined ? undefined : mode.readOnly ? "read only" : "read write",
    mode.deferrable === undefined ? undefined : mode.deferrable ? "deferrable" : "not deferrable",
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(", ");
}

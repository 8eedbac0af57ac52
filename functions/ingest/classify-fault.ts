export type Fault =
  /** These rows can never be stored as they are; others may. */
  | { readonly kind: "data"; readonly reason: string }
  /** Nothing is wrong with the rows: the database is away, busy, full, or its schema is older than this code. Try later. */
  | { readonly kind: "away" };

/**
 * SQLSTATE classes that blame the row (PostgreSQL, appendix A): 22 data exception, 23 integrity constraint violation,
 * 54 program limit exceeded (such as an index row that is too large).
 */
const DATA_CLASSES = new Set(["22", "23", "54"]);
const SQLSTATE = /^[0-9A-Z]{5}$/;
/** An error wrapped deeper than this is nobody's. */
const MAX_CAUSES = 5;

/** Whom to blame for a failed statement. Everything that is not plainly the row's own fault counts as `away`: a retry costs less than a loss. */
export function classifyFault(error: unknown): Fault {
  let current: unknown = error;
  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth++) {
    const code = textOf(current, "code");
    if (code !== undefined && SQLSTATE.test(code)) {
      if (!DATA_CLASSES.has(code.slice(0, 2))) return { kind: "away" };
      const constraint = textOf(current, "constraint");
      return {
        kind: "data",
        reason: constraint === undefined ? `SQLSTATE ${code}` : `SQLSTATE ${code} (${constraint})`,
      };
    }
    current = current.cause;
  }
  return { kind: "away" };
}

function textOf(error: Error, name: string): string | undefined {
  const value: unknown = Reflect.get(error, name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

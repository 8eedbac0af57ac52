import { MillraceError } from "@millrace/core/contract";

/** When a caller should try again while the database is away: a restart of a suspended Neon compute takes less. */
const RETRY_AFTER_SECONDS = 5;

export interface DatabaseFailure {
  /** SQLSTATE; undefined when the database was not reached at all. */
  readonly sqlState: string | undefined;
  readonly constraint: string | undefined;
}

/** What the database said, found along the chain of causes; undefined for errors that are not the database's. */
export function databaseFailure(error: unknown): DatabaseFailure | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current.name !== "NeonDbError") continue;
    return { sqlState: textMember(current, "code"), constraint: textMember(current, "constraint") };
  }
  return undefined;
}

/** True when the statement violated a unique constraint of this name. */
export function violatesUnique(error: unknown, constraint: string): boolean {
  const failure = databaseFailure(error);
  return failure?.sqlState === "23505" && failure.constraint === constraint;
}

/**
 * The database's own failures as what a caller may see: unreachable, shutting down, out of connections or disk → `state-unavailable`;
 * anything else is returned as it was.
 */
export function asStateError(error: unknown): unknown {
  const failure = databaseFailure(error);
  if (failure === undefined || !isAway(failure.sqlState)) return error;
  return new MillraceError("state-unavailable", { retryAfterSeconds: RETRY_AFTER_SECONDS, cause: error });
}

/** Class 08 connection, 53 resources, 57P shutdown, 58 system: none of them is the statement's fault. */
function isAway(sqlState: string | undefined): boolean {
  return sqlState === undefined || /^(08|53|57P|58)/.test(sqlState);
}

function textMember(value: object, key: string): string | undefined {
  const member: unknown = Reflect.get(value, key);
  return typeof member === "string" ? member : undefined;
}

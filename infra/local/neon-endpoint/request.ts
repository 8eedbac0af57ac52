import { isolationLevels } from "./sql-backend.ts";
import type { SqlStatement, TransactionMode } from "./sql-backend.ts";

/** What one POST asks for. */
export type SqlRequest =
  | { readonly kind: "single"; readonly statement: SqlStatement; readonly arrayMode: boolean }
  | {
      readonly kind: "batch";
      readonly statements: readonly SqlStatement[];
      readonly mode: TransactionMode;
      readonly arrayMode: boolean;
    };

/** The request does not follow the protocol; the message says where. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

type HeaderSource = (name: string) => string | undefined;

/**
 * Reads Neon's SQL-over-HTTP request (driver 1.2.0; neon `proxy/src/serverless/sql_over_http.rs`).
 * @throws ProtocolError for anything else.
 */
export function parseSqlRequest(header: HeaderSource, body: string): SqlRequest {
  if (header("neon-connection-string") === undefined) throw new ProtocolError("missing header Neon-Connection-String");
  if (header("neon-raw-text-output") === "false") {
    throw new ProtocolError("this endpoint answers raw text only: send Neon-Raw-Text-Output: true");
  }
  const arrayMode = header("neon-array-mode") === "true";
  const value = parseJson(body);
  if (!isRecord(value)) throw new ProtocolError("the body is not an object");
  const queries = value["queries"];
  if (queries === undefined) return { kind: "single", statement: parseStatement(value, "body"), arrayMode };
  if (!Array.isArray(queries)) throw new ProtocolError("queries is not an array");
  const statements = queries.map((query, index) => parseStatement(query, `queries[${index}]`));
  return { kind: "batch", statements, mode: parseMode(header), arrayMode };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new ProtocolError(`the body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parseStatement(value: unknown, where: string): SqlStatement {
  if (!isRecord(value) || typeof value["query"] !== "string") throw new ProtocolError(`${where}.query is not a string`);
  const params = value["params"] ?? [];
  if (!Array.isArray(params)) throw new ProtocolError(`${where}.params is not an array`);
  return { query: value["query"], params: params.map(parameterText) };
}

/** Parameters are text by the time they are here; other JSON values are taken as the real proxy takes them. */
function parameterText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}

function parseMode(header: HeaderSource): TransactionMode {
  const isolation = header("neon-batch-isolation-level");
  const readOnly = flag(header, "neon-batch-read-only");
  const deferrable = flag(header, "neon-batch-deferrable");
  return {
    ...(isolation === undefined ? {} : { isolation: parseIsolation(isolation) }),
    ...(readOnly === undefined ? {} : { readOnly }),
    ...(deferrable === undefined ? {} : { deferrable }),
  };
}

function parseIsolation(value: string) {
  const level = isolationLevels.find((name) => name.replace(" ", "") === value.toLowerCase());
  if (level === undefined) throw new ProtocolError(`unknown isolation level ${value}`);
  return level;
}

function flag(header: HeaderSource, name: string): boolean | undefined {
  const value = header(name);
  if (value === undefined) return undefined;
  if (value !== "true" && value !== "false") throw new ProtocolError(`${name} is neither true nor false`);
  return value === "true";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

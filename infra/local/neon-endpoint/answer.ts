import { ProtocolError } from "./request.ts";
import type { SqlResult } from "./sql-backend.ts";

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export function resultJson(result: SqlResult, arrayMode: boolean): unknown {
  const names = result.fields.map(({ name }) => name);
  return {
    command: result.command,
    rowCount: result.rowCount,
    rows: arrayMode
      ? result.rows
      : result.rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index]]))),
    fields: result.fields.map(({ name, dataTypeID }) => ({
      name,
      dataTypeID,
      tableID: 0,
      columnID: 0,
      dataTypeSize: -1,
      dataTypeModifier: -1,
      format: "text",
    })),
    rowAsArray: arrayMode,
  };
}

/** The fields of a database error that the driver copies, in its own spelling. */
const errorFields = [
  "severity",
  "code",
  "detail",
  "hint",
  "position",
  "internalPosition",
  "internalQuery",
  "where",
  "schema",
  "table",
  "column",
  "dataType",
  "constraint",
  "file",
  "line",
  "routine",
] as const;

/** 400 for what the database or the protocol refuses; 503 when there is no database to ask. */
export function errorAnswer(error: unknown): Answer {
  const message = error instanceof Error && error.message !== "" ? error.message : String(error);
  if (error instanceof ProtocolError) return { status: 400, body: JSON.stringify({ message, code: null }) };
  if (!(error instanceof Error) || !("severity" in error)) return { status: 503, body: JSON.stringify({ message }) };
  const source = new Map<string, unknown>(Object.entries(error));
  const fields = Object.fromEntries(errorFields.map((name) => [name, source.get(name) ?? null]));
  return { status: 400, body: JSON.stringify({ message, ...fields }) };
}

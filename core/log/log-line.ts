/** How bad an event is: `error` needs a person, `warn` heals by itself but costs something, `info` is the normal course. */
export type LogLevel = "info" | "warn" | "error";

const textFields = [
  "trace_id",
  "batch_id",
  "project_id",
  "environment_id",
  "request_id",
  "outbox",
  "queue",
  "job",
  "stage",
  "provider",
  "model",
  "outcome",
  "reason",
  "hash",
  "error_name",
  "error_code",
] as const;

const numberFields = [
  "epoch",
  "status",
  "attempt",
  "count",
  "stored",
  "dead",
  "retried",
  "spilled",
  "bytes",
  "age_ms",
  "delay_s",
  "duration_ms",
] as const;

type TextField = (typeof textFields)[number];
type NumberField = (typeof numberFields)[number];

/**
 * What a log line may say. There is no field for a message, a body, a header, a URL or an error's text: those can hold
 * what a caller said or a secret, and a field that does not exist cannot leak. Add a field here when a name, a code or a
 * number is missing.
 */
export type LogFields = { readonly [F in TextField]?: string } & { readonly [F in NumberField]?: number };

export type Log = (level: LogLevel, event: string, fields?: LogFields) => void;

/** The longest text of a field: an id, a code or a slug is shorter, and prose does not belong here. */
const MAX_FIELD_CHARS = 128;
/** Ids, slugs, codes, hashes and model names; no blank, so no sentence, no header and no JSON passes. */
const NAME_SHAPED = /^[\w.:@/+-]+$/;
/** A key of Millrace or of a usual vendor, wherever it hides inside a name. */
const KEY_SHAPED = /mlr_[0-9a-f]|\bsk-|\bhf_[A-Za-z]|\bnpg_|:\/\/[^/]*@/;

function safeText(value: string): string {
  const safe = value.length <= MAX_FIELD_CHARS && NAME_SHAPED.test(value) && !KEY_SHAPED.test(value);
  return safe ? value : "[redacted]";
}

/**
 * One event as one line of JSON. Copies the fields of the allowlist only, whatever else the object holds, and shows a text
 * that is not shaped like a name as `[redacted]`.
 */
export function logLine(
  at: Date,
  level: LogLevel,
  event: { readonly name: string; readonly fields: LogFields },
): string {
  const line: Record<string, string | number> = { at: at.toISOString(), level, event: safeText(event.name) };
  for (const name of textFields) {
    const value: unknown = event.fields[name];
    if (typeof value === "string") line[name] = safeText(value);
  }
  for (const name of numberFields) {
    const value: unknown = event.fields[name];
    if (typeof value === "number" && Number.isFinite(value)) line[name] = value;
  }
  return JSON.stringify(line);
}

/** An error as fields: its class and its code (ours, or an SQLSTATE), never its words, which may quote a row or a body. */
export function errorFields(error: unknown): Pick<LogFields, "error_name" | "error_code"> {
  if (!(error instanceof Error)) return { error_name: typeof error };
  const code = "code" in error && typeof error.code === "string" ? error.code : codeOfCause(error);
  return code === undefined ? { error_name: error.name } : { error_name: error.name, error_code: code };
}

function codeOfCause(error: Error): string | undefined {
  const cause = error.cause;
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
}

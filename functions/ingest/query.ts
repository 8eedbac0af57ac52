/** One statement, parameters as PostgreSQL text; gives its rows. Anything thrown goes through `classifyFault`. */
export type Query = (
  text: string,
  params: readonly (string | null)[],
) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** Neon takes 10 MiB a request; what is left holds the statement and the frame around it. */
export const MAX_STATEMENT_BYTES = 8_000_000;

/** One UTF-16 unit takes at most three bytes of UTF-8; quotes and backslashes, which are escaped, take two. */
const MAX_BYTES_PER_CHAR = 3;

/** Bytes that JSON text takes at most as a parameter in the JSON body of a request to Neon: measured only where a guess might not fit. */
export function parameterBytes(text: string): number {
  const most = text.length * MAX_BYTES_PER_CHAR;
  if (most <= MAX_STATEMENT_BYTES) return most;
  return new TextEncoder().encode(JSON.stringify(text)).byteLength;
}

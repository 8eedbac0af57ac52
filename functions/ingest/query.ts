/** One statement, parameters as PostgreSQL text; gives its rows. Anything thrown goes through `classifyFault`. */
export type Query = (
  text: string,
  params: readonly (string | null)[],
) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** Neon takes 10 MiB a request; what is left holds the statement and the frame around it. */
export const MAX_STATEMENT_BYTES = 8_000_000;

/** Bytes that a text parameter takes in the JSON body of a request to Neon. */
export function parameterBytes(text: string): number {
  return new TextEncoder().encode(JSON.stringify(text)).byteLength;
}

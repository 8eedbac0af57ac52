import * as schema from "@millrace/migrations/schema";
import { neon, neonConfig } from "@neondatabase/serverless";
import { drizzle, type NeonHttpDatabase } from "drizzle-orm/neon-http";

/**
 * Postgres over Neon's HTTP driver. It has no interactive transactions: every unit of work is one statement or one `batch`.
 * Rows of raw `execute` hold `timestamptz` as text and `bigint` as a string; typed selects hold what the schema says.
 */
export type Database = NeonHttpDatabase<typeof schema>;

export interface DatabaseSettings {
  readonly databaseUrl: string;
  /** Where Neon's SQL-over-HTTP protocol is spoken, when it is not Neon: the only difference between a laptop and the cloud. */
  readonly neonFetchEndpoint: string | undefined;
}

/** Opens no connection: each statement is a request of its own. */
export function openDatabase({ databaseUrl, neonFetchEndpoint }: DatabaseSettings): Database {
  // The driver knows this setting globally only; one Worker talks to one database.
  if (neonFetchEndpoint !== undefined) neonConfig.fetchEndpoint = neonFetchEndpoint;
  return drizzle({ client: neon(databaseUrl), schema });
}

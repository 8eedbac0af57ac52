import type { TestProject } from "vitest/node";
import { databaseKinds } from "./databases.ts";
import "./provided-context.ts";
import { INSERT_TENANT } from "./trace-message.ts";

/** Starts the databases in Node, where they can run; the tests reach them over Neon's protocol, as the Worker does. */
export default async function setup(project: TestProject) {
  const started = await Promise.all(databaseKinds.map(async ({ name, start }) => ({ name, database: await start() })));
  for (const { database } of started) await database.query(INSERT_TENANT);
  project.provide(
    "databases",
    started.map(({ name, database }) => ({ name, neonFetchEndpoint: database.neonFetchEndpoint })),
  );
  return async () => {
    for (const { database } of started) await database.close();
  };
}

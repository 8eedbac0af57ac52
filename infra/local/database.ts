import { cp, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import { StartError } from "./config.ts";
import type { Say } from "./log.ts";
import { pgliteBackend, postgresBackend } from "./neon-endpoint/index.ts";
import type { SqlBackend } from "./neon-endpoint/index.ts";

export interface LocalDatabase {
  readonly backend: SqlBackend;
  /** Clean end: what PGlite holds is checkpointed, closed and copied. */
  close(): Promise<void>;
}

interface Options {
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  readonly say: Say;
}

/**
 * Opens PGlite in the data folder, or a real server. PGlite writes its log before it answers and the kernel keeps what was
 * written when the process is killed: nothing acknowledged is lost to `kill -9`.
 * @throws StartError when there is no database to be had.
 */
export async function openDatabase({ dataDir, databaseUrl, say }: Options): Promise<LocalDatabase> {
  if (databaseUrl !== undefined) return openServer(databaseUrl, say);
  const folder = join(dataDir, "pg");
  await createWhole(folder, say);
  const db = await openOrRestore(folder, say);
  await db.exec("create extension if not exists vector");
  return {
    backend: await pgliteBackend(db),
    close: async () => {
      await db.exec("checkpoint");
      await db.close();
      await copyWhole(folder, `${folder}.snapshot`);
    },
  };
}

async function openServer(url: string, say: Say): Promise<LocalDatabase> {
  const backend = postgresBackend(url);
  try {
    await backend.single({ query: "select 1", params: [] });
  } catch (error) {
    await backend.close();
    throw new StartError(`the PostgreSQL at DATABASE_URL does not answer: ${wordsOf(error)}`);
  }
  say("info", `PostgreSQL at ${new URL(url).host}`);
  return { backend, close: async () => backend.close() };
}

/** The first start makes the database aside and moves it in whole: a start that is killed leaves none, not half of one. */
async function createWhole(folder: string, say: Say): Promise<void> {
  if (await exists(folder)) return;
  say("info", "making a database (PGlite, once) …");
  const aside = `${folder}.new`;
  await rm(aside, { recursive: true, force: true });
  const db = await PGlite.create({ dataDir: aside, extensions: { vector } });
  await db.exec("checkpoint");
  await db.close();
  await rename(aside, folder);
}

async function openOrRestore(folder: string, say: Say): Promise<PGlite> {
  try {
    return await PGlite.create({ dataDir: folder, extensions: { vector } });
  } catch (error) {
    const kept = `${folder}.broken-${Date.now()}`;
    const snapshot = `${folder}.snapshot`;
    if (!(await exists(snapshot))) {
      throw new StartError(
        `the database in ${folder} cannot be opened (${wordsOf(error)}) and there is no snapshot of an earlier clean end. ` +
          `Move the folder away to begin anew.`,
      );
    }
    await rename(folder, kept);
    await copyWhole(snapshot, folder);
    const { mtime } = await stat(snapshot);
    say("error", `THE DATABASE COULD NOT BE OPENED (${wordsOf(error)}).`);
    say(
      "error",
      `Restored the snapshot of the last clean end, ${mtime.toISOString()}. Changes since then are in ${kept}.`,
    );
    return PGlite.create({ dataDir: folder, extensions: { vector } });
  }
}

/** Copies a closed database; the copy is complete or not there. */
async function copyWhole(from: string, to: string): Promise<void> {
  const aside = `${to}.new`;
  await rm(aside, { recursive: true, force: true });
  await cp(from, aside, { recursive: true, preserveTimestamps: false });
  await rm(to, { recursive: true, force: true });
  await rename(aside, to);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error && error.message !== "" ? error.message : String(error);
}

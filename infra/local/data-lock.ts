import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { chmod, link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StartError } from "./config.ts";

interface Holder {
  readonly pid: number;
  /** When the process was born, where the system tells: a number that another process got after a restart is not the holder. */
  readonly birth: string;
  /** The gateway's URL, for whoever finds the lock. */
  readonly url: string;
}

export interface DataLock {
  /** Gives the lock back; only ever removes its own. */
  release(): Promise<void>;
}

interface DataLockDeps {
  readonly pid: number;
  /** Undefined when there is no such process; an empty text when the system does not tell more than that there is one. */
  readonly birthOf: (pid: number) => string | undefined;
}

/** More than two starters at once on a stale lock are not people. */
const maxAttempts = 20;
/** Another starter that moves a stale lock away may catch this one for a moment; by then it has put it back, or lost it. */
const settleMs = 50;

/**
 * Makes this process the only one on the data: PGlite has no lock of its own, and two processes on one folder corrupt it.
 * A lock whose process is dead is taken over.
 * @throws StartError that says who has it.
 */
export async function takeDataLock(dataDir: string, url: string, deps: DataLockDeps = systemDeps): Promise<DataLock> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  // Postgres's files are open to whoever reaches them, so nobody else may; the folder may have been there before.
  await chmod(dataDir, 0o700);
  const path = join(dataDir, "lock");
  const own = `${path}.${deps.pid}.${randomBytes(4).toString("hex")}`;
  const text = JSON.stringify({ pid: deps.pid, birth: deps.birthOf(deps.pid) ?? "", url } satisfies Holder);
  await writeFile(own, text, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      // A link appears complete or not at all: nobody ever reads half a lock.
      if (await succeeds(link(own, path), "EEXIST")) {
        await sleep(settleMs);
        if ((await readHolder(path))?.text === text) return { release: async () => release(path, text) };
      }
      await moveStaleAway(path, own, deps);
    }
    throw new StartError(`the lock ${path} cannot be taken; remove it if no Millrace runs on this data.`);
  } finally {
    await rm(own, { force: true });
  }
}

/**
 * Looks before anything else does: whoever starts a second time hears of the first, not of a port in use.
 * @throws StartError when a living process has the data.
 */
export async function assertUnlocked(dataDir: string, deps: DataLockDeps = systemDeps): Promise<void> {
  const path = join(dataDir, "lock");
  const found = await readHolder(path);
  if (found !== undefined) refuseLiving(found.holder, path, deps);
}

async function moveStaleAway(path: string, own: string, deps: DataLockDeps): Promise<void> {
  const found = await readHolder(path);
  if (found === undefined) return;
  refuseLiving(found.holder, path, deps);
  // Renaming is atomic: of several starters one gets the file. What it got may be a newer lock than the one it read.
  const moved = `${own}.stale`;
  if (!(await succeeds(rename(path, moved), "ENOENT"))) return;
  const taken = await readHolder(moved);
  if (taken !== undefined && taken.text !== found.text) await succeeds(link(moved, path), "EEXIST");
  await rm(moved, { force: true });
}

function refuseLiving(holder: Holder, path: string, deps: DataLockDeps): void {
  if (holder.pid <= 0 || deps.birthOf(holder.pid) !== holder.birth) return;
  throw new StartError(
    `Millrace runs on this data already: process ${holder.pid}, ${holder.url} (${path}). Stop it first, or give this one its own data with MILLRACE_DATA_DIR.`,
  );
}

async function readHolder(path: string): Promise<{ holder: Holder; text: string } | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "pid" in value && typeof value.pid === "number") {
      const [birth, url] = ["birth" in value ? String(value.birth) : "", "url" in value ? String(value.url) : ""];
      return { holder: { pid: value.pid, birth, url }, text };
    }
  } catch {
    // Falls through: a lock that nobody can read is nobody's.
  }
  return { holder: { pid: 0, birth: "", url: "" }, text };
}

async function release(path: string, text: string): Promise<void> {
  const found = await readHolder(path);
  if (found?.text === text) await rm(path, { force: true });
}

/** False when the operation fails with exactly this code. */
async function succeeds(operation: Promise<void>, expectedCode: string): Promise<boolean> {
  try {
    await operation;
    return true;
  } catch (error) {
    if (codeOf(error) === expectedCode) return false;
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

const systemDeps: DataLockDeps = {
  pid: process.pid,
  birthOf: (pid) => {
    try {
      process.kill(pid, 0);
    } catch (error) {
      if (codeOf(error) !== "EPERM") return undefined;
    }
    return procBirth(pid);
  },
};

/** Linux: boot and clock tick of the process's start (proc(5), `stat` field 22); an empty text elsewhere. */
function procBirth(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot}/${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""}`;
  } catch {
    return "";
  }
}

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, URL } from "node:url";
import { startChild, stopChild, type StartedChild } from "./child.ts";

/** What the launcher writes for scripts. */
export interface LocalFile {
  readonly url: string;
  readonly key: string;
  readonly runner: string | null;
  readonly docs: string;
}

export interface Stack extends LocalFile {
  readonly dataDir: string;
  readonly child: StartedChild;
  /** SIGTERM and wait. */
  stop(): Promise<void>;
  /** SIGKILL, as a power cut would, and wait. */
  kill(): Promise<void>;
}

export const repositoryRoot = fileURLToPath(new URL("../../", import.meta.url));
/** A cold start builds both Workers and loads the model on a machine that is busy with other tests. */
const START_TIMEOUT_MS = 120_000;

/** A folder for one stack's state, outside the checkout. */
export function newDataDir(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "millrace-stack-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Starts the whole local stack, as `npm start` does after installing, on free ports and the given folder. */
export async function startStack(
  dataDir: string,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Stack> {
  const child = await startChild({
    command: process.execPath,
    args: ["infra/local/start.ts"],
    cwd: repositoryRoot,
    env: {
      MILLRACE_DATA_DIR: dataDir,
      MILLRACE_PORT: "0",
      MILLRACE_RUNNER_PORT: "0",
      MILLRACE_NEON_PORT: "0",
      NO_COLOR: "1",
      DATABASE_URL: undefined,
      ...env,
    },
    ready: (line) => (/curl -N/.test(line) ? line : undefined),
    timeoutMs: START_TIMEOUT_MS,
  });
  const local = JSON.parse(readFileSync(join(dataDir, "local.json"), "utf8")) as LocalFile;
  return {
    ...local,
    dataDir,
    child,
    stop: () => stopChild(child),
    kill: () =>
      new Promise((resolve) => {
        child.process.removeAllListeners("exit");
        child.process.on("exit", () => resolve());
        child.process.kill("SIGKILL");
      }),
  };
}

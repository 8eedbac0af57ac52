import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { modelFailure, readable } from "./log.ts";
import type { Say } from "./log.ts";

export interface RunnerProcess {
  /** SIGTERM, then SIGKILL for one that does not listen. */
  stop(): Promise<void>;
}

interface Options {
  readonly root: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly say: Say;
  /** Called with the reason when the runner says that its model will not load, however long one waits. */
  readonly onModelFailed: (reason: string) => void;
}

const firstRestartMs = 500;
const maxRestartMs = 30_000;
/** One that ran this long did not fail at its start: the next wait is the first one again. */
const settledMs = 60_000;
const stopMs = 10_000;

/** Runs the runner as a child and starts it again when it ends, ever more slowly while it keeps ending. */
export function startRunnerProcess({ root, port, env, say, onModelFailed }: Options): RunnerProcess {
  let stopping = false;
  let restartMs = firstRestartMs;
  let timer: NodeJS.Timeout | undefined;
  let child = launch();

  function launch(): ChildProcess {
    const startedMs = Date.now();
    const started = spawn(process.execPath, [join(root, "gpu-runner/main.ts")], {
      cwd: root,
      env: { ...runnerEnv(env), MILLRACE_RUNNER_HOST: "127.0.0.1", MILLRACE_RUNNER_PORT: String(port) },
      stdio: ["pipe", "pipe", "pipe"],
      // Ctrl-C is for the launcher, which lets the runner finish what it is answering.
      detached: process.platform !== "win32",
    });
    relay(started, say, onModelFailed);
    started.on("error", (error) => say("error", `could not be started: ${error.message}`));
    started.on("close", (code, signal) => {
      if (stopping) return;
      if (Date.now() - startedMs > settledMs) restartMs = firstRestartMs;
      say("error", `ended (${signal ?? `code ${code}`}); starting again in ${restartMs / 1000} s`);
      timer = setTimeout(() => (child = launch()), restartMs);
      restartMs = Math.min(restartMs * 2, maxRestartMs);
    });
    return started;
  }

  return {
    stop: async () => {
      stopping = true;
      clearTimeout(timer);
      await end(child);
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    const killer = setTimeout(() => child.kill("SIGKILL"), stopMs);
    child.once("close", () => {
      clearTimeout(killer);
      resolve();
    });
    child.kill("SIGTERM");
  });
}

/** What the gateway and the database need is not for the runner. */
function runnerEnv(env: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !name.startsWith("SECRET_") && name !== "DATABASE_URL" && name !== "NODE_CHANNEL_FD",
    ),
  );
}

function relay(child: ChildProcess, say: Say, onModelFailed: (reason: string) => void): void {
  for (const [stream, level] of [
    [child.stdout, "info"],
    [child.stderr, "warn"],
  ] as const) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (line) => {
      if (line.trim() === "") return;
      const words = readable(line, level);
      say(words.level, words.text);
      const reason = modelFailure(line);
      if (reason !== undefined) onModelFailed(reason);
    });
  }
}

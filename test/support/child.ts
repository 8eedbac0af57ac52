import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";

export interface StartedChild {
  readonly process: ChildProcess;
  readonly pid: number;
  /** What `ready` returned of the line that announced readiness. */
  readonly ready: string;
}

export interface ChildPlan {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Looks at each line of output; a string means that the child is ready. */
  readonly ready: (line: string) => string | undefined;
  readonly timeoutMs: number;
}

/** Starts a process and waits for the line that says it is ready. @throws with its output when it ends or takes too long first. */
export function startChild(plan: ChildPlan): Promise<StartedChild> {
  const child = spawn(plan.command, plan.args, {
    cwd: plan.cwd,
    env: { ...process.env, ...plan.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const seen: string[] = [];
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      reject(new Error(`${plan.command} ${plan.args.join(" ")}: ${why}\n${seen.slice(-30).join("\n")}`));
    };
    const timer = setTimeout(() => fail(`not ready after ${plan.timeoutMs} ms`), plan.timeoutMs);
    const onLine = (line: string): void => {
      seen.push(line);
      const ready = plan.ready(line);
      if (ready === undefined || child.pid === undefined) return;
      clearTimeout(timer);
      resolve({ process: child, pid: child.pid, ready });
    };
    createInterface({ input: child.stdout }).on("line", onLine);
    createInterface({ input: child.stderr }).on("line", onLine);
    child.on("error", (error) => fail(error.message));
    child.on("exit", (code) => fail(`ended with ${code}`));
  });
}

/** Asks the process to end and waits until it has; kills it after `graceMs`. */
export async function stopChild(started: StartedChild, graceMs = 15_000): Promise<void> {
  if (started.process.exitCode !== null) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => started.process.kill("SIGKILL"), graceMs);
    started.process.removeAllListeners("exit");
    started.process.on("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    started.process.kill("SIGTERM");
  });
}

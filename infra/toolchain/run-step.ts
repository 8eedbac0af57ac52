import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

export interface Step {
  readonly name: string;
  /** Program and arguments; a program from node_modules runs under this Node. */
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** Shows what it writes as it writes it; else only when it fails. */
  readonly live?: boolean;
}

/** Runs one command from the root of the checkout and says in one line how it went. */
export async function runStep({ name, command: [program, ...args], env, live = false }: Step): Promise<boolean> {
  const startedMs = Date.now();
  const isScript = program.startsWith("node_modules/");
  const child = spawn(isScript ? process.execPath : program, isScript ? [program, ...args] : args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", live ? "inherit" : "pipe", live ? "inherit" : "pipe"],
  });
  const output: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => output.push(chunk));
  const failure = await new Promise<string | undefined>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)));
  });
  report(name, Date.now() - startedMs, failure);
  if (failure !== undefined && output.length > 0) process.stdout.write(`${Buffer.concat(output).toString("utf8")}\n`);
  return failure === undefined;
}

export function report(name: string, elapsedMs: number, failure?: string): void {
  const outcome = failure === undefined ? "ok    " : "FAILED";
  console.log(
    `${outcome} ${name.padEnd(34)} ${(elapsedMs / 1000).toFixed(1)} s${failure === undefined ? "" : ` (${failure})`}`,
  );
}

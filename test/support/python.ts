import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { repositoryRoot } from "./stack.ts";

const run = promisify(execFile);
/** Made once per checkout; what lies there is only a cache. */
const venvDir = join(repositoryRoot, "node_modules", ".cache", "millrace", "python-sdk");
const python = join(venvDir, "bin", "python");

/** True where a Python with venv is at hand. */
export async function hasPython(): Promise<boolean> {
  return run("python3", ["-c", "import venv, ensurepip"]).then(
    () => true,
    () => false,
  );
}

/** Runs a script with the packages that its folder's requirements.txt pins. @returns what it printed. */
export async function runPython(
  script: string,
  requirements: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  if (!existsSync(python)) await run("python3", ["-m", "venv", venvDir]);
  await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]);
  const { stdout } = await run(python, [script], { env: { ...process.env, ...env } });
  return stdout;
}

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { root, runStep } from "./run-step.ts";
import { noTests, pytestCounts } from "./test-counts.ts";
import type { TestCounts } from "./test-counts.ts";

const runFile = promisify(execFile);
const trainer = join(root, "gpu-runner/trainer");
const venv = join(trainer, ".venv");
const stampFile = join(venv, ".millrace-stamp");
const python = join(venv, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
/** The trainer's own bounds: `requires-python` in its pyproject.toml. */
const supportedMinors = [11, 12];

/** Runs the trainer's own tests, in an environment with its pinned packages. Without a fitting Python it says so, plainly. */
export async function runTrainerTests(): Promise<TestCounts> {
  const system = await findPython();
  if (system === undefined) {
    console.log(
      "NOT RUN trainer tests: there is no Python 3.11 or 3.12 with venv on this machine (Debian: python3 and python3-venv).",
    );
    return noTests;
  }
  if (!(await prepareEnvironment(system))) return { passed: 0, failed: 1 };
  const folder = await mkdtemp(join(tmpdir(), "millrace-pytest-"));
  try {
    const report = join(folder, "report.xml");
    const passed = await runStep({
      name: "trainer tests",
      command: [python, "-m", "pytest", "-q", "--rootdir", trainer, `--junitxml=${report}`, trainer],
      live: true,
    });
    const counts = existsSync(report) ? pytestCounts(await readFile(report, "utf8")) : noTests;
    return passed || counts.failed > 0 ? counts : { ...counts, failed: 1 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function findPython(): Promise<string | undefined> {
  for (const name of ["python3.11", "python3.12", "python3"]) {
    const script = "import sys, venv, ensurepip; print(sys.version_info.major * 100 + sys.version_info.minor)";
    const version = await runFile(name, ["-c", script]).then(
      ({ stdout }) => Number(stdout) - 300,
      () => undefined,
    );
    if (version !== undefined && supportedMinors.includes(version)) return name;
  }
  return undefined;
}

/** Made anew when the trainer's requirements have changed. */
async function prepareEnvironment(system: string): Promise<boolean> {
  const wanted = createHash("sha256")
    .update(await readFile(join(trainer, "pyproject.toml")))
    .digest("hex");
  if (existsSync(stampFile) && (await readFile(stampFile, "utf8")) === wanted) return true;
  console.log("installing the trainer's packages (PyTorch among them; once, some minutes) …");
  const steps = [
    { name: "trainer environment", command: [system, "-m", "venv", "--clear", venv] },
    { name: "trainer packages", command: [python, "-m", "pip", "install", "--quiet", "--editable", `${trainer}[dev]`] },
  ] as const;
  for (const step of steps) if (!(await runStep(step))) return false;
  await writeFile(stampFile, wanted);
  return true;
}

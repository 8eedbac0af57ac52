import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";

const runFile = promisify(execFile);

/** The processes whose parent this one is. Empty where the system does not tell. */
export async function childProcesses(parent: number = process.pid): Promise<number[]> {
  if (process.platform === "linux") return linuxChildren(parent);
  if (process.platform === "win32") return [];
  try {
    const { stdout } = await runFile("pgrep", ["-P", String(parent)]);
    return stdout.split("\n").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** From /proc, since a slim image has no `ps` (proc(5): `stat` field 4 is the parent). */
async function linuxChildren(parent: number): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const parents = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    }),
  );
  return pids.filter((_, index) => parents[index] === parent).map(Number);
}

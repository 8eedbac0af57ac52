import { readdirSync, readFileSync } from "node:fs";

/** Linux counts CPU time in ticks of 1/100 s on every architecture Node supports. */
const TICKS_PER_SECOND = 100;

function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/** The process and all its descendants. Empty where /proc does not exist. */
export function processTree(root: number): number[] {
  let pids: number[];
  try {
    pids = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
  const parents = new Map(pids.map((pid) => [pid, Number(statFields(pid)?.[1] ?? 0)]));
  const tree = new Set([root]);
  for (let grew = true; grew;) {
    grew = false;
    for (const [pid, parent] of parents) {
      if (tree.has(parent) && !tree.has(pid)) {
        tree.add(pid);
        grew = true;
      }
    }
  }
  return [...tree];
}

/** The descendants of `root` whose command line holds `part`. */
export function findProcesses(root: number, part: string): number[] {
  return processTree(root).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(part);
    } catch {
      return false;
    }
  });
}

/** Nanoseconds that the threads of a process have run; undefined where the scheduler keeps no such count. */
function scheduledNs(pid: number): number | undefined {
  try {
    let ns = 0;
    for (const thread of readdirSync(`/proc/${pid}/task`))
      ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    return ns;
  } catch {
    return undefined;
  }
}

/** In steps of 10 ms. */
function tickSeconds(pid: number): number | undefined {
  const fields = statFields(pid);
  return fields && (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** CPU seconds (user + system) that the processes have used so far; undefined where /proc cannot say. */
export function cpuSeconds(pids: readonly number[]): number | undefined {
  if (pids.length === 0) return undefined;
  let seconds = 0;
  for (const pid of pids) {
    const ns = scheduledNs(pid);
    const used = ns === undefined ? tickSeconds(pid) : ns / 1e9;
    if (used === undefined) return undefined;
    seconds += used;
  }
  return seconds;
}

/** Resident bytes of the processes together; undefined where /proc cannot say. */
export function residentBytes(pids: readonly number[]): number | undefined {
  if (pids.length === 0) return undefined;
  let kib = 0;
  for (const pid of pids) {
    try {
      kib += Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
    } catch {
      return undefined;
    }
  }
  return kib * 1024;
}

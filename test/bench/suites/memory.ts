import { residentBytes } from "../support/process-usage.ts";
import type { BenchResult, BenchRow } from "../support/result.ts";

export interface MemoryPart {
  readonly name: string;
  readonly pids: readonly number[];
}

const BYTES_PER_MIB = 1_048_576;

/** Resident memory of each part now. */
export function measureMemory(when: string, parts: readonly MemoryPart[]): BenchRow[] {
  return parts.map(({ name, pids }) => {
    const bytes = residentBytes(pids);
    return {
      what: `${name}, ${when}`,
      value: bytes === undefined ? undefined : bytes / BYTES_PER_MIB,
      unit: "MiB",
      n: 1,
      ...(bytes === undefined ? { note: "no /proc on this system" } : {}),
    };
  });
}

export function memoryResult(rows: readonly BenchRow[]): BenchResult {
  return { name: "resident memory", rows };
}

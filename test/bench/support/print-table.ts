import type { BenchResult, BenchRow } from "./result.ts";

function number(value: number | undefined): string {
  if (value === undefined) return "unknown";
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(3);
}

function cells(row: BenchRow): string[] {
  const interval = row.interval === undefined ? "" : `[${number(row.interval.low)}, ${number(row.interval.high)}]`;
  return [
    row.what,
    `${number(row.value)} ${row.unit}`,
    interval,
    `n=${row.n}`,
    row.aim === undefined ? "" : `aim ${row.aim}`,
    row.note ?? "",
  ];
}

/** The results as an aligned table for people. */
export function formatTable(results: readonly BenchResult[]): string {
  return results
    .map((result) => {
      const lines = result.rows.map(cells);
      const widths = lines.reduce<number[]>(
        (most, line) => line.map((cell, i) => Math.max(most[i] ?? 0, cell.length)),
        [],
      );
      return [
        `\n${result.name}`,
        ...lines.map(
          (line) =>
            `  ${line
              .map((cell, i) => cell.padEnd(widths[i] ?? 0))
              .join("  ")
              .trimEnd()}`,
        ),
      ].join("\n");
    })
    .join("\n");
}

import { stripVTControlCharacters } from "node:util";
import type { Painter } from "./painter.ts";

const GAP = "  ";

/** Columns aligned by what the eye sees; the last one is not padded. An empty table is an empty string. */
export function renderTable(paint: Painter, head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => visibleLength(row[column] ?? ""))),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === cells.length - 1 ? cell : pad(cell, widths[column] ?? 0)))
      .join(GAP)
      .trimEnd();
  return [paint("dim", line(head)), ...rows.map(line)].join("\n") + "\n";
}

function pad(cell: string, width: number): string {
  return cell + " ".repeat(Math.max(0, width - visibleLength(cell)));
}

function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length;
}

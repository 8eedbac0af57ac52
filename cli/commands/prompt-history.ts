import type { labelMoveSchema, PromptVersion } from "@millrace/core/contract";
import type { Command } from "commander";
import type { z } from "zod";
import { present } from "../context.ts";
import type { Painter } from "../render/painter.ts";
import { safeLine } from "../render/safe-text.ts";
import { renderMinute } from "../render/time.ts";
import type { Run } from "./run.ts";

type LabelMove = z.output<typeof labelMoveSchema>;
type HistoryEntry = { readonly at: string } & (
  | { readonly type: "version"; readonly version: PromptVersion }
  | { readonly type: "move"; readonly move: LabelMove }
);

export function addPromptHistory(group: Command, run: Run): void {
  group
    .command("history")
    .argument("<name>")
    .option("--limit <n>", "how many entries", (text) => Number.parseInt(text, 10), 50)
    .description("versions and label moves on one time line, newest first")
    .action(
      run(async (context, [name, options]: [string, { limit: number }]) => {
        const client = context.client();
        const versions = (await client.versions(name)).data;
        const moves: LabelMove[] = [];
        for (const { label } of (await client.labels(name)).data)
          moves.push(...(await client.labelHistory(name, label)).data);
        const data = mergeHistory(versions, moves).slice(0, options.limit);
        present(context, { data }, () => data.map((entry) => renderEntry(context.paint, entry)).join(""));
        return undefined;
      }),
    );
}

/** Newest first; at the same moment a version comes before (in time) the move to it. */
function mergeHistory(versions: readonly PromptVersion[], moves: readonly LabelMove[]): HistoryEntry[] {
  const entries: HistoryEntry[] = [
    ...moves.map((move) => ({ type: "move" as const, at: move.at, move })),
    ...versions.map((version) => ({ type: "version" as const, at: version.created_at, version })),
  ];
  return entries.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at));
}

function renderEntry(paint: Painter, entry: HistoryEntry): string {
  const when = paint("dim", renderMinute(entry.at));
  if (entry.type === "version") {
    const { version, hash, author, message } = entry.version;
    const words = message === null ? "" : `  ${safeLine(message)}`;
    return `${when}  ${paint("bold", `version ${version}`)}  ${paint("dim", hash.slice(0, 12))}${words}  ${paint("dim", safeLine(author))}\n`;
  }
  const { label, from_version, to_version, kind, reason, actor } = entry.move;
  const from = from_version === null ? "" : `${from_version} `;
  const to = to_version === null ? paint("red", "removed") : `→ ${to_version}`;
  const what = kind === "rollback" ? paint("yellow", "  rollback") : "";
  const why = reason === null ? "" : `  ${safeLine(reason)}`;
  return `${when}  ${paint("cyan", label)} ${from}${to}${what}${why}  ${paint("dim", safeLine(actor))}\n`;
}

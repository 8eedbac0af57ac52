import type { Command } from "commander";
import { CliError, usageError } from "../cli-error.ts";
import { present, type CliContext } from "../context.ts";
import { safeLine } from "../render/safe-text.ts";
import { renderTable } from "../render/table.ts";
import { renderMinute } from "../render/time.ts";
import { moveLabel, type LabelState } from "./move-label.ts";
import { parseVersionNumber } from "./parse-arguments.ts";
import type { Run } from "./run.ts";

interface LabelOptions {
  readonly remove?: boolean;
  readonly reason?: string;
}

type LabelArguments = [name: string, label: string | undefined, version: number | undefined, options: LabelOptions];

export function addPromptLabel(group: Command, run: Run): void {
  group
    .command("label")
    .argument("<name>")
    .argument("[label]", "without it, the labels are listed")
    .argument("[version]", "the version to point at", parseVersionNumber)
    .description("list labels, set one, or remove one")
    .option("--remove", "remove the label: calls of it are answered with 410 until it is set again")
    .option("--reason <text>", "why; kept in the label's history")
    .action(
      run(async (context, [name, label, version, options]: LabelArguments) => {
        const move = labelMove(context, [name, label, version, options]);
        await (move === undefined ? printLabels(context, name, label) : moveLabel(context, name, move));
        return undefined;
      }),
    );
}

/** What to do to the label; undefined when there is only something to show. */
function labelMove(
  context: CliContext,
  [name, label, version, options]: LabelArguments,
): (() => Promise<LabelState>) | undefined {
  if (label === undefined) return undefined;
  if (options.remove === true) {
    if (version !== undefined) throw usageError("--remove takes no version");
    return async () => context.client().removeLabel(name, label);
  }
  if (version === undefined) return undefined;
  const reason = options.reason === undefined ? {} : { reason: options.reason };
  return async () => context.client().setLabel(name, label, { version, ...reason });
}

async function printLabels(context: CliContext, name: string, label: string | undefined): Promise<void> {
  const list = await context.client().labels(name);
  const data = list.data.filter((state) => label === undefined || state.label === label);
  if (label !== undefined && data.length === 0)
    throw new CliError({
      code: "unknown-label",
      message: `${name} has no label ${label} in this environment.`,
      remedy: `Set it with \`millrace prompt label ${name} ${label} <version>\`.`,
    });
  present(context, { data }, () => {
    const rows = data.map((state) => [
      context.paint("bold", state.label),
      state.version === null ? context.paint("red", "removed") : String(state.version),
      state.protected ? "protected" : "",
      renderMinute(state.moved_at),
      safeLine(state.moved_by),
    ]);
    return renderTable(context.paint, ["LABEL", "VERSION", "", "MOVED", "BY"], rows) || "No labels.\n";
  });
}

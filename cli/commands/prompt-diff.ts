import { readFile } from "node:fs/promises";
import { DEFAULT_LABEL, type PromptChange } from "@millrace/core/contract";
import type { Command } from "commander";
import { usageError } from "../cli-error.ts";
import type { Client } from "../client.ts";
import type { CliContext } from "../context.ts";
import { comparePrompts, parsePromptFile } from "../files/prompt-file.ts";
import { renderChanges } from "../render/prompt-changes.ts";
import { noteWarnings } from "../render/warnings.ts";
import { chooseVersion } from "./choose-version.ts";
import type { Run } from "./run.ts";

export function addPromptDiff(group: Command, run: Run): void {
  group
    .command("diff")
    .argument("<name>")
    .argument("[from]", "a number, a hash or a label; default: the version before the labelled one")
    .argument("[to]", `a number, a hash or a label; default: ${DEFAULT_LABEL}`)
    .option("--file <path>", "compare the version [from] (default: the latest) with a local file")
    .description("compare two versions by meaning: which example, which constraint, which words")
    .action(
      run(
        async (
          context,
          [name, from, to, options]: [string, string | undefined, string | undefined, { file?: string }],
        ) => {
          const client = context.client();
          const diff =
            options.file === undefined
              ? await compareVersions(client, name, { from, to })
              : await compareWithFile(context, name, { from, file: options.file });
          if (context.json) context.out(`${JSON.stringify(diff, null, 2)}\n`);
          else {
            context.note(context.paint("dim", `${name}: ${diff.from} → ${diff.to}\n`));
            context.out(diff.changes.length === 0 ? "No difference.\n" : renderChanges(context.paint, diff.changes));
          }
          return undefined;
        },
      ),
    );
}

interface Comparison {
  readonly from: number | string;
  readonly to: number | string;
  readonly changes: readonly PromptChange[];
}

async function compareVersions(
  client: Client,
  name: string,
  ends: { from: string | undefined; to: string | undefined },
): Promise<Comparison> {
  const to = (await chooseVersion(client, name, ends.to ?? DEFAULT_LABEL)).version;
  if (ends.from !== undefined) return client.diff(name, ends.from, String(to));
  if (to === 1)
    throw usageError(
      `version 1 of ${name} has none before it`,
      "Name two versions: millrace prompt diff <name> <from> <to>",
    );
  return client.diff(name, String(to - 1), String(to));
}

async function compareWithFile(
  context: CliContext,
  name: string,
  ends: { from: string | undefined; file: string },
): Promise<Comparison> {
  const client = context.client();
  const selector = ends.from ?? String((await client.prompt(name)).latest_version);
  const stored = await client.version(name, selector);
  const { content, warnings } = parsePromptFile(await readFile(ends.file, "utf8"), ends.file);
  noteWarnings(context, warnings);
  return { from: stored.version, to: ends.file, changes: comparePrompts(stored.content, content) };
}

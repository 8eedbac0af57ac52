import { readFile } from "node:fs/promises";
import { DEFAULT_LABEL } from "@millrace/core/contract";
import type { Command } from "commander";
import { usageError } from "../cli-error.ts";
import type { CliContext } from "../context.ts";
import { parsePromptFile } from "../files/prompt-file.ts";
import { noteWarnings } from "../render/warnings.ts";
import { moveLabel } from "./move-label.ts";
import { parseVersionNumber } from "./parse-arguments.ts";
import type { Run } from "./run.ts";

interface PublishOptions {
  readonly label: string;
  readonly file?: string;
  readonly reason?: string;
}

export function addPromptPublish(group: Command, run: Run): void {
  group
    .command("publish")
    .argument("<name>")
    .argument("[version]", "default: the latest", parseVersionNumber)
    .description("move a label to a version, and wait until that is live")
    .option("--label <label>", "the label to move", DEFAULT_LABEL)
    .option("--file <path>", "make a new version from this file first, and publish that")
    .option("--reason <text>", "why; kept in the label's history")
    .action(
      run(async (context, [name, chosen, options]: [string, number | undefined, PublishOptions]) => {
        if (options.file !== undefined && chosen !== undefined) {
          throw usageError("a version and --file exclude each other");
        }
        const client = context.client();
        const version = chosen ?? (await latestOrUploaded(context, name, options.file));
        const reason = options.reason === undefined ? {} : { reason: options.reason };
        await moveLabel(context, name, async () => client.setLabel(name, options.label, { version, ...reason }));
        return undefined;
      }),
    );
}

async function latestOrUploaded(context: CliContext, name: string, file: string | undefined): Promise<number> {
  const client = context.client();
  const { latest_version } = await client.prompt(name);
  if (file === undefined) return latest_version;
  const { content, warnings } = parsePromptFile(await readFile(file, "utf8"), file);
  noteWarnings(context, warnings);
  return (await client.createVersion(name, { content, expected_latest: latest_version })).version;
}

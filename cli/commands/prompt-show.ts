import { DEFAULT_LABEL } from "@millrace/core/contract";
import type { Command } from "commander";
import { formatPromptFile } from "../files/prompt-file.ts";
import { safeText } from "../render/safe-text.ts";
import { renderMinute } from "../render/time.ts";
import type { Run } from "./run.ts";
import { chooseVersion, parseNamedVersion } from "./choose-version.ts";

export function addPromptShow(group: Command, run: Run): void {
  group
    .command("show")
    .argument("<name[@version]>")
    .argument(
      "[version]",
      `a number, a hash or a label; default: ${DEFAULT_LABEL}, or the latest where that points nowhere`,
    )
    .description("print a version as a .prompt file")
    .action(
      run(async (context, [named, beside]: [string, string | undefined]) => {
        const { name, selector = DEFAULT_LABEL } = parseNamedVersion(named, beside);
        const version = await chooseVersion(context.client(), name, selector);
        if (context.json) {
          context.out(`${JSON.stringify(version, null, 2)}\n`);
          return undefined;
        }
        const note = version.message === null ? "" : ` · ${safeText(version.message)}`;
        context.note(
          context.paint(
            "dim",
            `${name} version ${version.version} · ${renderMinute(version.created_at)} · ${version.author}${note}\n`,
          ),
        );
        const file = formatPromptFile(version.content);
        context.out(file.endsWith("\n") ? file : `${file}\n`);
        return undefined;
      }),
    );
}

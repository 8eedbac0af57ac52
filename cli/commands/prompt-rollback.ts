import { DEFAULT_LABEL } from "@millrace/core/contract";
import type { Command } from "commander";
import { moveLabel } from "./move-label.ts";
import { parseVersionNumber } from "./parse-arguments.ts";
import type { Run } from "./run.ts";

interface RollbackOptions {
  readonly label: string;
  readonly to?: number;
  readonly reason?: string;
}

export function addPromptRollback(group: Command, run: Run): void {
  group
    .command("rollback")
    .argument("<name>")
    .description("take a label back to the version that it had before, and wait until that is live")
    .option("--label <label>", "the label to take back", DEFAULT_LABEL)
    .option("--to <n>", "the version; default: the one before the last move", parseVersionNumber)
    .option("--reason <text>", "why; kept in the label's history")
    .action(
      run(async (context, [name, options]: [string, RollbackOptions]) => {
        const body = {
          ...(options.to === undefined ? {} : { to_version: options.to }),
          ...(options.reason === undefined ? {} : { reason: options.reason }),
        };
        await moveLabel(context, name, async () => context.client().rollback(name, options.label, body));
        return undefined;
      }),
    );
}

import type { Command } from "commander";
import { present } from "../context.ts";
import { safeLine } from "../render/safe-text.ts";
import { renderTable } from "../render/table.ts";
import type { Run } from "./run.ts";

export function addPromptList(group: Command, run: Run): void {
  group
    .command("list")
    .alias("ls")
    .description("list prompts, with the labels of this environment")
    .action(
      run(async (context) => {
        const list = await context.client().prompts();
        present(context, list, () => {
          const rows = list.data.map((prompt) => [
            context.paint("bold", prompt.name),
            String(prompt.latest_version),
            Object.entries(prompt.labels)
              .map(([label, version]) => `${label} → ${version}`)
              .join(", "),
            safeLine(prompt.description),
          ]);
          return renderTable(context.paint, ["NAME", "LATEST", "LABELS", "DESCRIPTION"], rows) || "No prompts yet.\n";
        });
        return undefined;
      }),
    );
}

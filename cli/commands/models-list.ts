import type { Command } from "commander";
import { present } from "../context.ts";
import { renderTable } from "../render/table.ts";
import type { Run } from "./run.ts";

export function addModelsList(group: Command, run: Run): void {
  group
    .command("list")
    .alias("ls")
    .description("list models and where they are answered")
    .action(
      run(async (context) => {
        const list = await context.client().models();
        present(context, list, () => {
          const rows = list.data.map((model) => [
            context.paint("bold", model.name),
            `${model.route.provider} · ${model.route.model}`,
            model.surfaces.join(" "),
            model.context_tokens === undefined ? "–" : String(model.context_tokens),
          ]);
          return (
            renderTable(context.paint, ["NAME", "PROVIDER · MODEL", "SURFACES", "CONTEXT TOKENS"], rows) ||
            "No models.\n"
          );
        });
        return undefined;
      }),
    );
}

import { branchesOf, contextTokensOf, type Route } from "@millrace/core/contract";
import type { Command } from "commander";
import { present } from "../context.ts";
import { renderTable } from "../render/table.ts";
import type { Run } from "./run.ts";

/** The tree in one line: `fallback(openai · gpt-5, local · tiny)`. */
function describeRoute(route: Route): string {
  if (route.kind === "target") return `${route.provider} · ${route.model}`;
  return `${route.kind}(${branchesOf(route).map(describeRoute).join(", ")})`;
}

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
            describeRoute(model.route),
            model.surfaces.join(" "),
            String(contextTokensOf(model) ?? "–"),
          ]);
          return renderTable(context.paint, ["NAME", "ROUTE", "SURFACES", "CONTEXT TOKENS"], rows) || "No models.\n";
        });
        return undefined;
      }),
    );
}

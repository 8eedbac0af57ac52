import type { Command } from "commander";
import { present } from "../context.ts";
import { describePrice } from "../render/price.ts";
import { safeLine } from "../render/safe-text.ts";
import { renderTable } from "../render/table.ts";
import { noteLive } from "./await-live.ts";
import { parseCount } from "./parse-arguments.ts";
import { addPricesImport } from "./prices-import.ts";
import { addPricesSet } from "./prices-set.ts";
import type { Run } from "./run.ts";

interface ListOptions {
  readonly origin?: string;
  readonly limit: number;
}

export function addPriceCommands(group: Command, run: Run): void {
  addList(group, run);
  addPricesSet(group, run);
  addPricesImport(group, run);
  group
    .command("delete")
    .argument("<id>", "prc_…, from `millrace prices list`")
    .description("delete a price; where it was the project's own, an imported one counts again")
    .action(
      run(async (context, [id]: [string]) => {
        const startedMs = context.nowMs();
        await context.client().deletePrice(id);
        present(context, { deleted: id }, () => `${id}  ${context.paint("red", "deleted")}\n`);
        await noteLive(context, startedMs);
        return undefined;
      }),
    );
}

function addList(group: Command, run: Run): void {
  group
    .command("list")
    .alias("ls")
    .argument("[model]", "the beginning of models' names")
    .description("list prices, in dollars for a million tokens")
    .option("--origin <origin>", "`override`: set by the project; `import`: from a file")
    .option("--limit <n>", "how many", parseCount, 50)
    .action(
      run(async (context, [model, { origin, limit }]: [string | undefined, ListOptions]) => {
        const list = await context.client().prices({ model, origin, limit });
        present(context, list, () => {
          const rows = list.data.map(({ id, origin: from, price }) => [
            context.paint("bold", safeLine(price.match === "prefix" ? `${price.model}*` : price.model)),
            "kind" in price.scope ? `kind ${price.scope.kind}` : price.scope.provider,
            describePrice(price),
            from,
            id,
          ]);
          const table = renderTable(context.paint, ["MODEL", "PROVIDER", "PRICE", "ORIGIN", "ID"], rows);
          return table === "" ? "No prices.\n" : table + (list.next === null ? "" : "There are more; name a model.\n");
        });
        return undefined;
      }),
    );
}

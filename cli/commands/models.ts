import { resolve } from "node:path";
import { type Model, putModelSchema, type Route } from "@millrace/core/contract";
import type { Command } from "commander";
import { stringify } from "yaml";
import { CliError } from "../cli-error.ts";
import { present } from "../context.ts";
import { noteLive } from "./await-live.ts";
import { addModelsList } from "./models-list.ts";
import { readDeclaration } from "./read-declaration.ts";
import type { Run } from "./run.ts";

/** As `models put` takes it. */
function declarationOf({ name: _name, ...model }: Model): string {
  return stringify(model);
}

function routeKind(route: Route): string {
  return route.kind === "target" ? `${route.provider} · ${route.model}` : route.kind;
}

/** `millrace models`: names that callers use, and their routes. */
export function addModelCommands(group: Command, run: Run): void {
  addModelsList(group, run);
  group
    .command("show")
    .argument("<name>")
    .description("print a model with its whole route, as `models put` takes it")
    .action(
      run(async (context, [name]: [string]) => {
        const model = (await context.client().models()).data.find((each) => each.name === name);
        if (model === undefined)
          throw new CliError({
            code: "unknown-resource",
            message: `There is no model ${name}.`,
            remedy: "List them with `millrace models list`.",
          });
        present(context, model, () => declarationOf(model));
        return undefined;
      }),
    );
  group
    .command("put")
    .argument("<name>")
    .argument("<file>", "YAML or JSON: `route`, and `surfaces`, `context_tokens`, `resilience` where they differ")
    .description("create or replace a model, and wait until that is live")
    .action(
      run(async (context, [name, file]: [string, string]) => {
        const declared = await readDeclaration(resolve(context.cwd, file), putModelSchema);
        const startedMs = context.nowMs();
        const model = await context.client().putModel(name, declared);
        present(context, model, () => `${model.name}: ${routeKind(model.route)}\n`);
        await noteLive(context, startedMs);
        return undefined;
      }),
    );
  group
    .command("delete")
    .argument("<name>")
    .description("delete a model that no labelled prompt calls")
    .action(
      run(async (context, [name]: [string]) => {
        const startedMs = context.nowMs();
        await context.client().deleteModel(name);
        present(context, { deleted: name }, () => `${name} is gone.\n`);
        await noteLive(context, startedMs);
        return undefined;
      }),
    );
}

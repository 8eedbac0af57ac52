import { resolve } from "node:path";
import { type Provider, putProviderSchema } from "@millrace/core/contract";
import type { Command } from "commander";
import { stringify } from "yaml";
import { CliError } from "../cli-error.ts";
import { present } from "../context.ts";
import { renderTable } from "../render/table.ts";
import { noteLive } from "./await-live.ts";
import { readDeclaration } from "./read-declaration.ts";
import type { Run } from "./run.ts";

/** Names of secrets; their values live in the gateway's environment only. */
function secretsOf({ secret, secrets }: Provider): string {
  return (secrets ?? (secret === undefined ? [] : [secret])).join(" ") || "–";
}

/** `millrace providers`: places that can answer. */
export function addProviderCommands(group: Command, run: Run): void {
  group
    .command("list")
    .alias("ls")
    .description("list providers and the names of their secrets")
    .action(
      run(async (context) => {
        const list = await context.client().providers();
        present(context, list, () => {
          const rows = list.data.map((provider) => [
            context.paint("bold", provider.name),
            provider.kind,
            provider.base_url ?? "–",
            secretsOf(provider),
            provider.max_concurrent === undefined ? "–" : String(provider.max_concurrent),
          ]);
          return renderTable(context.paint, ["NAME", "KIND", "ADDRESS", "SECRETS", "CAP"], rows) || "No providers.\n";
        });
        return undefined;
      }),
    );
  group
    .command("show")
    .argument("<name>")
    .description("print a provider, as `providers put` takes it")
    .action(
      run(async (context, [name]: [string]) => {
        const provider = (await context.client().providers()).data.find((each) => each.name === name);
        if (provider === undefined)
          throw new CliError({
            code: "unknown-resource",
            message: `There is no provider ${name}.`,
            remedy: "List them with `millrace providers list`.",
          });
        const { name: _name, ...declared } = provider;
        present(context, provider, () => stringify(declared));
        return undefined;
      }),
    );
  group
    .command("put")
    .argument("<name>")
    .argument("<file>", "YAML or JSON: `kind`, and what the kind needs")
    .description("create or replace a provider, and wait until that is live")
    .action(
      run(async (context, [name, file]: [string, string]) => {
        const declared = await readDeclaration(resolve(context.cwd, file), putProviderSchema);
        const startedMs = context.nowMs();
        const provider = await context.client().putProvider(name, declared);
        present(context, provider, () => `${provider.name}: ${provider.kind}\n`);
        await noteLive(context, startedMs);
        return undefined;
      }),
    );
  group
    .command("delete")
    .argument("<name>")
    .description("delete a provider that no route names")
    .action(
      run(async (context, [name]: [string]) => {
        const startedMs = context.nowMs();
        await context.client().deleteProvider(name);
        present(context, { deleted: name }, () => `${name} is gone.\n`);
        await noteLive(context, startedMs);
        return undefined;
      }),
    );
}

import { readFile } from "node:fs/promises";
import { DEFAULT_LABEL } from "@millrace/core/contract";
import type { Command } from "commander";
import { usageError } from "../cli-error.ts";
import { present, type CliContext } from "../context.ts";
import { formatPromptFile, parsePromptFile, starterContent } from "../files/prompt-file.ts";
import { noteWarnings } from "../render/warnings.ts";
import { editFrom } from "./prompt-edit.ts";
import type { Run } from "./run.ts";

interface NewOptions {
  readonly file?: string;
  readonly model?: string;
  readonly description?: string;
}

export function addPromptNew(group: Command, run: Run): void {
  group
    .command("new")
    .argument("<name>", "lower-case letters, digits and inner hyphens")
    .description("create a prompt, from a file or in $EDITOR")
    .option("--file <path>", "a .prompt file")
    .option("--model <name>", "the model of the starting text; default: the first of `millrace models list`")
    .option("--description <text>", "what it is for")
    .action(
      run(async (context, [name, options]: [string, NewOptions]) => {
        if (options.file !== undefined) {
          const { content, warnings, ...file } = parsePromptFile(await readFile(options.file, "utf8"), options.file);
          const words = options.description ?? file.description;
          const description = words === undefined ? {} : { description: words };
          const created = await context.client().createPrompt({ name, content, ...description });
          present(context, created, () => `${name} version ${created.version} is stored.\n`);
          noteWarnings(context, warnings);
          return undefined;
        }
        const model = options.model ?? (await firstModel(context));
        const start = formatPromptFile(starterContent(model));
        await editFrom(context, { name, start, base: undefined }, { label: DEFAULT_LABEL });
        return undefined;
      }),
    );
}

async function firstModel(context: CliContext): Promise<string> {
  const [first] = (await context.client().models()).data;
  if (first === undefined)
    throw usageError("the project has no model yet", "Add one with PUT /api/v1/models/<name>, or give --model.");
  return first.name;
}

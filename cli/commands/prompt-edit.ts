import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_LABEL, type PromptContent, type PromptVersion } from "@millrace/core/contract";
import type { Command } from "commander";
import { CliError } from "../cli-error.ts";
import type { CliContext } from "../context.ts";
import {
  comparePrompts,
  formatPromptFile,
  isSameContent,
  parsePromptFile,
  PROMPT_SUFFIX,
} from "../files/prompt-file.ts";
import { writeAtomically } from "../files/write-atomically.ts";
import { renderChanges } from "../render/prompt-changes.ts";
import { latestVersion } from "./choose-version.ts";
import { moveLabel } from "./move-label.ts";
import type { Run } from "./run.ts";

export interface EditOptions {
  readonly label: string;
  readonly publish?: boolean;
  readonly message?: string;
}

export function addPromptEdit(group: Command, run: Run): void {
  group
    .command("edit")
    .argument("<name>")
    .description("open the latest version in $EDITOR; what you save becomes the next version")
    .option("--publish", "then move the label to it, and wait until that is live")
    .option("--label <label>", "the label that --publish moves", DEFAULT_LABEL)
    .option("--message <text>", "what changed, kept with the version")
    .addHelpText(
      "after",
      "\nNothing is made when nothing changed. A file that is not valid is opened again, and kept when you give up.",
    )
    .action(
      run(async (context, [name, options]: [string, EditOptions]) => {
        const base = await latestVersion(context.client(), name);
        if (options.publish === true) await noteUnpublished(context, base, options.label);
        await editFrom(context, { name, start: formatPromptFile(base.content), base }, options);
        return undefined;
      }),
    );
}

/** The latest version may hold more than what is live, and to publish an edit of it takes all of that along. */
async function noteUnpublished(context: CliContext, base: PromptVersion, label: string): Promise<void> {
  const labels = await context.client().labels(base.prompt);
  const live = labels.data.find((state) => state.label === label)?.version ?? base.version;
  if (live === base.version) return;
  context.note(
    `You edit version ${base.version}, the latest; ${label} is at version ${live}. What lies between goes live with it: ` +
      `millrace prompt diff ${base.prompt} ${live} ${base.version}\n`,
  );
}

export interface EditJob {
  readonly name: string;
  /** What the editor shows first. */
  readonly start: string;
  /** The version that is edited; undefined for a prompt that does not exist yet. */
  readonly base: PromptVersion | undefined;
}

/** Edit, show what changed, store, publish. The file outlives every failure and its place is told. */
export async function editFrom(context: CliContext, job: EditJob, options: EditOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-"));
  const file = join(folder, job.name + PROMPT_SUFFIX);
  try {
    await writeAtomically(file, job.start);
    const content = await editUntilValid(context, file);
    const stored = await store(context, { ...job, content, message: options.message });
    if (stored !== undefined && options.publish === true) {
      await moveLabel(context, job.name, async () =>
        context.client().setLabel(job.name, options.label, { version: stored.version }),
      );
    }
  } catch (error) {
    context.note(`Your text is kept in ${file}\n`);
    throw error;
  }
  await rm(folder, { recursive: true, force: true });
}

async function editUntilValid(context: CliContext, file: string): Promise<PromptContent> {
  for (;;) {
    const exitCode = await context.edit(file);
    if (exitCode !== 0) {
      throw new CliError({
        code: "editor-failed",
        message: `the editor ended with code ${exitCode}`,
        remedy: "Nothing was stored. Set VISUAL or EDITOR to an editor that runs here.",
      });
    }
    try {
      return parsePromptFile(await readFile(file, "utf8"), file).content;
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      context.note(`${context.paint("red", error.code)}: ${error.message}\n`);
      if (!(await context.confirm("Open it again?"))) throw error;
    }
  }
}

interface Storing extends EditJob {
  readonly content: PromptContent;
  readonly message: string | undefined;
}

async function store(context: CliContext, job: Storing): Promise<PromptVersion | undefined> {
  const { name, base, content } = job;
  const message = job.message === undefined ? {} : { message: job.message };
  const client = context.client();
  if (base === undefined) {
    const created = await client.createPrompt({ name, content, ...message });
    context.note(`${name} version ${created.version} is stored.\n`);
    return created;
  }
  if (isSameContent(base.content, content)) {
    context.note("Nothing changed.\n");
    return undefined;
  }
  const changes = comparePrompts(base.content, content);
  context.note(changes.length === 0 ? "Only the file's own text changed.\n" : renderChanges(context.paint, changes));
  const stored = await client.createVersion(name, { content, expected_latest: base.version, ...message });
  context.note(`${name} version ${stored.version} is stored.\n`);
  return stored;
}

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { DEFAULT_LABEL, type PromptContent, type PromptVersion } from "@millrace/core/contract";
import type { Command } from "commander";
import { CliError } from "../cli-error.ts";
import type { CliContext } from "../context.ts";
import {
  comparePrompts,
  formatPromptFile,
  isSameContent,
  type ParsedPromptFile,
  parsePromptFile,
  PROMPT_SUFFIX,
} from "../files/prompt-file.ts";
import { writeAtomically } from "../files/write-atomically.ts";
import { renderChanges } from "../render/prompt-changes.ts";
import { noteWarnings } from "../render/warnings.ts";
import { latestVersion } from "./choose-version.ts";
import { moveLabel } from "./move-label.ts";
import type { Run } from "./run.ts";

/** A word of the command; a label of that name can be edited by its number. */
const LATEST = "latest";

export interface EditOptions {
  readonly label: string;
  readonly from?: string;
  readonly publish?: boolean;
  readonly message?: string;
}

export function addPromptEdit(group: Command, run: Run): void {
  group
    .command("edit")
    .argument("<name>")
    .description("open a version in $EDITOR; what you save becomes the next version")
    .option("--publish", "edit what is live, then move the label to what you saved, and wait until that is live")
    .option(
      "--from <version>",
      "the version to begin with: a number, a label, or latest (default: latest; with --publish, the live one)",
    )
    .option("--label <label>", "the label that --publish moves", DEFAULT_LABEL)
    .option("--message <text>", "what changed, kept with the version")
    .addHelpText(
      "after",
      "\nNothing is made when nothing changed. A file that is not valid is opened again, and kept when you give up.",
    )
    .action(
      run(async (context, [name, options]: [string, EditOptions]) => {
        const latest = await latestVersion(context.client(), name);
        const base = await baseOf(context, latest, options);
        if (base.version !== latest.version) noteLeftOut(context, base, latest);
        const start = formatPromptFile(base.content);
        await editFrom(context, { name, start, base, latest: latest.version }, options);
        return undefined;
      }),
    );
}

/** What is published changes by what was edited and by nothing else: so it is the live version that is edited. */
async function baseOf(context: CliContext, latest: PromptVersion, options: EditOptions): Promise<PromptVersion> {
  const from = options.from ?? (options.publish === true ? options.label : LATEST);
  if (from === LATEST) return latest;
  if (options.from !== undefined) return context.client().version(latest.prompt, from);
  const labels = await context.client().labels(latest.prompt);
  const live = labels.data.find((state) => state.label === from)?.version ?? latest.version;
  return live === latest.version ? latest : context.client().version(latest.prompt, String(live));
}

function noteLeftOut(context: CliContext, base: PromptVersion, latest: PromptVersion): void {
  context.note(
    `You edit version ${base.version}; what came after it is not in it. To begin with the latest instead: --from latest. ` +
      `What that holds: millrace prompt diff ${base.prompt} ${base.version} ${latest.version}\n`,
  );
}

export interface EditJob {
  readonly name: string;
  /** What the editor shows first. */
  readonly start: string;
  /** The version that is edited; undefined for a prompt that does not exist yet. */
  readonly base: PromptVersion | undefined;
  /** The number of the latest version as it was; one that came since is a conflict. */
  readonly latest?: number;
}

/** Edit, show what changed, store, publish. The file outlives every failure and its place is told. */
export async function editFrom(context: CliContext, job: EditJob, options: EditOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-"));
  const file = join(folder, job.name + PROMPT_SUFFIX);
  try {
    await writeAtomically(file, job.start);
    const { content, warnings } = await editUntilValid(context, file);
    const stored = await store(context, { ...job, content, message: options.message });
    // The file is gone in a moment: its name without the folder says as much.
    const placed = warnings.map((warning) => warning.replace(folder + sep, ""));
    if (stored !== undefined) noteWarnings(context, placed);
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

async function editUntilValid(context: CliContext, file: string): Promise<ParsedPromptFile> {
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
      return parsePromptFile(await readFile(file, "utf8"), file);
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
  const latest = job.latest ?? base.version;
  const stored = await client.createVersion(name, { content, expected_latest: latest, ...message });
  const outcome = stored.version > latest ? "is stored" : "says just that already; no new one is made";
  context.note(`${name} version ${stored.version} ${outcome}.\n`);
  return stored;
}

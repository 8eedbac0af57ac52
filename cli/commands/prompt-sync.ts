import { exitCodes, type CliError, type ExitCode } from "../cli-error.ts";
import type { CliContext } from "../context.ts";
import { describeConflict, type ConflictSides } from "../files/describe-conflict.ts";
import type { LockEntry } from "../files/lock-file.ts";
import { writeLock } from "../files/lock-file.ts";
import { survey, type SurveyedPrompt } from "../files/survey.ts";
import { renderChanges } from "../render/prompt-changes.ts";
import { noteWarnings } from "../render/warnings.ts";

export interface SyncOptions {
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

/** What became (or, in a dry run, would become) of one prompt. */
export interface SyncOutcome {
  readonly action: "pushed" | "created" | "pulled" | "deleted" | "unchanged" | "kept" | "conflict" | "failed";
  /** Why nothing moved, in a sentence. */
  readonly note?: string;
  /** The lock's new entry; null takes it out; undefined leaves it. */
  readonly lock?: LockEntry | null;
  readonly error?: CliError;
  /** What was (or would be) stored and will have no effect. */
  readonly warnings?: readonly string[];
}

/** Equal content on both sides: the lock follows the server's number. */
export function inSync({ remote }: SurveyedPrompt): SyncOutcome {
  return {
    action: "unchanged",
    ...(remote === undefined ? {} : { lock: { version: remote.version, hash: remote.hash } }),
  };
}

export type SyncStep = (prompt: SurveyedPrompt) => Promise<SyncOutcome>;

const STYLES = {
  pushed: "green",
  created: "green",
  pulled: "green",
  deleted: "yellow",
  unchanged: "dim",
  kept: "yellow",
  conflict: "red",
  failed: "red",
} as const;

interface Line extends SyncOutcome {
  readonly name: string;
  readonly sides?: ConflictSides;
}

/** Walks a folder and the server side by side. The lock is written even when a later prompt fails: what was done stays known. */
export async function syncFolder(context: CliContext, folder: string, step: SyncStep): Promise<ExitCode> {
  const client = context.client();
  const { prompts, invalid, lock } = await survey(client, folder);
  const entries = new Map(lock);
  const lines: Line[] = invalid.map(({ name, error }) => ({ name, action: "failed", error }));
  try {
    for (const prompt of prompts) {
      const outcome = await step(prompt);
      if (outcome.lock === null) entries.delete(prompt.name);
      else if (outcome.lock !== undefined) entries.set(prompt.name, outcome.lock);
      const sides = outcome.action === "conflict" ? await describeConflict(client, prompt) : undefined;
      lines.push({ name: prompt.name, ...outcome, ...(sides === undefined ? {} : { sides }) });
    }
  } finally {
    await writeLock(folder, entries, lock);
    report(context, lines);
  }
  if (lines.some((line) => line.action === "conflict")) return exitCodes.conflict;
  return lines.some((line) => line.action === "failed") ? exitCodes.failed : exitCodes.done;
}

function report(context: CliContext, lines: readonly Line[]): void {
  if (context.json) {
    const data = lines.map(({ lock: _lock, error, sides, ...line }) => ({
      ...line,
      ...(error === undefined ? {} : { error: { code: error.code, message: error.message, remedy: error.remedy } }),
      ...(sides === undefined ? {} : { conflict: sides }),
    }));
    context.out(`${JSON.stringify({ data }, null, 2)}\n`);
    return;
  }
  if (lines.length === 0) context.note("Nothing here and nothing on the server.\n");
  for (const line of lines) {
    const note = line.error === undefined ? line.note : `${line.error.code}: ${line.error.message}`;
    context.out(
      `${context.paint(STYLES[line.action], line.action.padEnd(9))}  ${line.name}${note === undefined ? "" : `  ${note}`}\n`,
    );
    if (line.error !== undefined) context.out(`           ${line.error.remedy}\n`);
    noteWarnings(context, line.warnings ?? []);
    if (line.sides !== undefined) context.out(renderSides(context, line.sides));
  }
  if (lines.some((line) => line.action === "conflict")) {
    context.note(
      "Nothing was overwritten. `push --force` makes the file the latest version, `pull --force` overwrites it.\n",
    );
  }
}

function renderSides(context: CliContext, sides: ConflictSides): string {
  const { paint } = context;
  const side = (title: string, changes: ConflictSides["local"]) =>
    `${paint("bold", title)}\n${changes === undefined ? "deleted\n" : renderChanges(paint, changes)}`;
  const text =
    sides.baseVersion === undefined
      ? side("from the server's version to the file:", sides.local)
      : side(`in the file, since version ${sides.baseVersion}:`, sides.local) +
        side(`on the server, since version ${sides.baseVersion}:`, sides.remote);
  return `${text
    .trimEnd()
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n")}\n`;
}

import { rm } from "node:fs/promises";
import type { Command } from "commander";
import type { CliContext } from "../context.ts";
import { formatPromptFile } from "../files/prompt-file.ts";
import { promptFileName } from "../files/read-folder.ts";
import type { SurveyedPrompt } from "../files/survey.ts";
import { writeAtomically } from "../files/write-atomically.ts";
import { inSync, syncFolder, type SyncOptions, type SyncOutcome } from "./prompt-sync.ts";
import type { Run } from "./run.ts";

export function addPromptPull(group: Command, run: Run): void {
  group
    .command("pull")
    .argument("<folder>", "a folder of <name>.prompt files; made when it is not there")
    .description("write the latest versions as files")
    .option("--dry-run", "say what would happen, change nothing")
    .option("--force", "overwrite files that changed, and bring back files that were deleted")
    .option("--prune", "delete unchanged files whose prompt the server does not have")
    .addHelpText(
      "after",
      `
Files and server are compared three ways, with millrace.lock.json as the base:
  changed on the server only   written
  changed in the file only     kept; push it
  changed on both sides        conflict, exit code 2: both changes are shown, nothing is overwritten
Keep the folder, the lock file included, in Git.`,
    )
    .action(
      run(async (context, [folder, options]: [string, PullOptions]) =>
        syncFolder(context, folder, async (prompt) => pullOne({ context, folder, options }, prompt)),
      ),
    );
}

interface PullOptions extends SyncOptions {
  readonly prune?: boolean;
}
interface PullJob {
  readonly context: CliContext;
  readonly folder: string;
  readonly options: PullOptions;
}

async function pullOne(job: PullJob, prompt: SurveyedPrompt): Promise<SyncOutcome> {
  const { standing, remote } = prompt;
  const { force } = job.options;
  switch (standing) {
    case "in-sync":
      return inSync(prompt);
    case "gone":
      return { action: "unchanged", note: "gone on both sides", lock: null };
    case "local-new":
      return { action: "kept", note: "only in this folder; push it" };
    case "local-changed":
      return force === true ? write(job, prompt) : { action: "kept", note: "changed in the file; push it" };
    case "local-deleted":
      return force === true
        ? write(job, prompt)
        : { action: "kept", note: "the file was deleted; --force brings it back" };
    case "remote-deleted":
      return prune(job, prompt);
    case "conflict":
      return force === true && remote !== undefined ? write(job, prompt) : { action: "conflict" };
    case "remote-new":
    case "remote-changed":
      return write(job, prompt);
  }
}

async function write(job: PullJob, prompt: SurveyedPrompt): Promise<SyncOutcome> {
  const { name, remote } = prompt;
  if (remote === undefined) return { action: "conflict" };
  if (job.options.dryRun === true) return { action: "pulled", note: `version ${remote.version} would be (dry run)` };
  await writeAtomically(promptFileName(job.folder, name), formatPromptFile(remote.content));
  return { action: "pulled", note: `version ${remote.version}`, lock: { version: remote.version, hash: remote.hash } };
}

async function prune(job: PullJob, prompt: SurveyedPrompt): Promise<SyncOutcome> {
  if (job.options.prune !== true) return { action: "kept", note: "not on this server; --prune deletes the file" };
  if (job.options.dryRun === true) return { action: "deleted", note: "would be (dry run)" };
  await rm(promptFileName(job.folder, prompt.name), { force: true });
  return { action: "deleted", lock: null };
}

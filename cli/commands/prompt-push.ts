import type { Command } from "commander";
import { CliError, type ExitCode } from "../cli-error.ts";
import type { CliContext } from "../context.ts";
import type { SurveyedPrompt } from "../files/survey.ts";
import { inSync, syncFolder, type SyncOptions, type SyncOutcome } from "./prompt-sync.ts";
import type { Run } from "./run.ts";

export function addPromptPush(group: Command, run: Run): void {
  group
    .command("push")
    .argument("<folder>", "a folder of <name>.prompt files")
    .description("make new versions from the files that changed")
    .option("--dry-run", "say what would happen, change nothing")
    .option("--force", "push also where the server has changed: the file becomes the latest version")
    .option("--message <text>", "what changed, kept with each version")
    .addHelpText(
      "after",
      `
Files and server are compared three ways, with millrace.lock.json as the base:
  changed in the file only     pushed as a new version
  changed on the server only   kept; pull it
  changed on both sides        conflict, exit code 2: both changes are shown, nothing is overwritten
A deleted file deletes nothing on the server: versions are immutable. Labels do not move; see "prompt publish".`,
    )
    .action(run(async (context, [folder, options]: [string, PushOptions]) => push(context, folder, options)));
}

interface PushOptions extends SyncOptions {
  readonly message?: string;
}

async function push(context: CliContext, folder: string, options: PushOptions): Promise<ExitCode> {
  return syncFolder(context, folder, async (prompt) => {
    try {
      return await pushOne(context, prompt, options);
    } catch (error) {
      if (!(error instanceof CliError) || error.code === "unreachable") throw error;
      return error.code === "version-conflict"
        ? { action: "conflict", note: "somebody pushed while this ran; run it again" }
        : { action: "failed", error };
    }
  });
}

async function pushOne(context: CliContext, prompt: SurveyedPrompt, options: PushOptions): Promise<SyncOutcome> {
  const { standing, remote, local } = prompt;
  switch (standing) {
    case "in-sync":
      return inSync(prompt);
    case "gone":
      return { action: "unchanged", note: "gone on both sides", lock: null };
    case "remote-new":
    case "remote-changed":
    case "local-deleted":
      return { action: "kept", note: whyKept(prompt) };
    case "remote-deleted":
      return options.force === true ? upload(context, prompt, options) : { action: "kept", note: whyKept(prompt) };
    case "conflict":
      return options.force === true && local !== undefined
        ? upload(context, prompt, options)
        : { action: "conflict", ...(remote === undefined ? { note: "the server does not have it any more" } : {}) };
    case "local-new":
    case "local-changed":
      return upload(context, prompt, options);
  }
}

function whyKept({ standing, remote, base }: SurveyedPrompt): string {
  if (standing === "remote-new") return "only on the server; pull it";
  if (standing === "local-deleted") {
    return "the file is gone, the server keeps its versions; pull --force brings the file back";
  }
  if (standing === "remote-deleted") return "not on this server; --force creates it there";
  return `the server has version ${remote?.version ?? "–"}, the file is from ${base?.version ?? "–"}; pull it`;
}

async function upload(context: CliContext, prompt: SurveyedPrompt, options: PushOptions): Promise<SyncOutcome> {
  const { name, local, remote } = prompt;
  if (local === undefined) return { action: "conflict" };
  const action = remote === undefined ? "created" : "pushed";
  const warnings = local.warnings.length === 0 ? {} : { warnings: local.warnings };
  if (options.dryRun === true) return { action, note: "would be (dry run)", ...warnings };
  const client = context.client();
  const message = options.message === undefined ? {} : { message: options.message };
  const description = local.description === undefined ? {} : { description: local.description };
  const stored =
    remote === undefined
      ? await client.createPrompt({ name, content: local.content, ...description, ...message })
      : await client.createVersion(name, { content: local.content, expected_latest: remote.version, ...message });
  if (remote !== undefined && stored.version <= remote.version) {
    const note = `the same as version ${stored.version}: nothing to add; "prompt publish ${name} ${stored.version}" makes it live`;
    return { action: "unchanged", note, lock: { version: remote.version, hash: remote.hash } };
  }
  return {
    action,
    note: `version ${stored.version}`,
    lock: { version: stored.version, hash: local.hash },
    ...warnings,
  };
}

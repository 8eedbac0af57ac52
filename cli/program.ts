import { Command, type CommanderError } from "commander";
import { ZodError } from "zod";
import { isMillraceError } from "@millrace/core/contract";
import { CliError, exitCodes, fromMillraceError, type ExitCode } from "./cli-error.ts";
import { addBudgetCommands } from "./commands/budgets.ts";
import { addCacheCommands } from "./commands/cache.ts";
import { addCall } from "./commands/call.ts";
import { addKeyCommands } from "./commands/keys.ts";
import { addModelCommands } from "./commands/models.ts";
import { addPriceCommands } from "./commands/prices.ts";
import { addProviderCommands } from "./commands/providers.ts";
import { addPromptDiff } from "./commands/prompt-diff.ts";
import { addPromptEdit } from "./commands/prompt-edit.ts";
import { addPromptHistory } from "./commands/prompt-history.ts";
import { addPromptLabel } from "./commands/prompt-label.ts";
import { addPromptList } from "./commands/prompt-list.ts";
import { addPromptNew } from "./commands/prompt-new.ts";
import { addPromptPublish } from "./commands/prompt-publish.ts";
import { addPromptPull } from "./commands/prompt-pull.ts";
import { addPromptPush } from "./commands/prompt-push.ts";
import { addPromptRender } from "./commands/prompt-render.ts";
import { addPromptRollback } from "./commands/prompt-rollback.ts";
import { addPromptShow } from "./commands/prompt-show.ts";
import type { Run } from "./commands/run.ts";
import { addStatus } from "./commands/status.ts";
import { addTracesShow } from "./commands/traces-show.ts";
import { addTracesTail } from "./commands/traces-tail.ts";
import { createClient } from "./client.ts";
import type { CliContext } from "./context.ts";
import { createPainter, wantsColor } from "./render/painter.ts";
import { safeLine, safeText } from "./render/safe-text.ts";
import { resolveSettings } from "./settings.ts";

/** The world as the process gives it; the rest of the context comes from the flags. */
export type CliWorld = Omit<CliContext, "paint" | "json" | "client"> & {
  readonly fetch: typeof fetch;
  readonly isTerminal: boolean;
};

interface GlobalFlags {
  readonly url?: string;
  readonly key?: string;
  readonly json?: boolean;
  readonly color?: boolean;
}

const HELP_END = `
Where it goes and with which key, the first that is there:
  --url, --key
  MILLRACE_URL, MILLRACE_KEY
  local.json in MILLRACE_DATA_DIR, or in .millrace here or in a folder above (written by \`npm start\`)
  ~/.config/millrace/config.json   {"url": "https://…", "key": "mlr_…"}

Exit codes:
  0  done
  1  refused by the server, a file is not valid, or a part is away
  2  conflict: both sides changed, nothing was overwritten
  3  no server, no key, or no answer
  64 the command line is not one of ours

Examples:
  millrace call support-reply --var customer_name=Ana "Where is my order?"
  millrace prompt edit support-reply --publish
  millrace prompt rollback support-reply
  millrace prompt pull ./prompts && git diff ./prompts
  millrace traces tail --prompt support-reply`;

/** Runs one command line; gives back the exit code and never throws. */
export async function runCli(args: readonly string[], world: CliWorld): Promise<ExitCode> {
  const program = new Command("millrace");
  let exitCode: ExitCode = exitCodes.done;
  const run: Run =
    (work) =>
    async (...commandArgs) => {
      exitCode = (await work(createContext(program.opts<GlobalFlags>(), world), commandArgs)) ?? exitCodes.done;
    };
  describeProgram(program, world);
  addCommands(program, run);
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    return reportFailure(error, { flags: program.opts<GlobalFlags>(), world });
  }
}

function describeProgram(program: Command, world: CliWorld): void {
  program
    .description("Named prompts, labels, keys and traces of a Millrace, from the command line.")
    .option("--url <url>", "the gateway's address")
    .option("--key <key>", "an API key; better in MILLRACE_KEY, where other users of the machine do not see it")
    .option("--json", "JSON on standard output, for scripts")
    .option("--color", "colour even without a terminal")
    .option("--no-color", "no colour")
    .addHelpText("after", HELP_END)
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeOut: world.out, writeErr: world.note });
}

function addCommands(program: Command, run: Run): void {
  addCall(program, run);
  const prompt = program.command("prompt").description("prompts, their versions and labels");
  for (const add of [addPromptList, addPromptShow, addPromptNew, addPromptEdit, addPromptDiff, addPromptPublish])
    add(prompt, run);
  for (const add of [
    addPromptLabel,
    addPromptHistory,
    addPromptRollback,
    addPromptRender,
    addPromptPull,
    addPromptPush,
  ])
    add(prompt, run);
  const traces = program.command("traces").description("the record of every exchange");
  addTracesTail(traces, run);
  addTracesShow(traces, run);
  addBudgetCommands(program.command("budgets").description("what may be spent, and what is"), run);
  addCacheCommands(program.command("cache").description("answers that are served again"), run);
  addKeyCommands(program.command("keys").description("API keys of this environment"), run);
  addModelCommands(program.command("models").description("what `model` may name, and its routes"), run);
  addProviderCommands(program.command("providers").description("places that can answer"), run);
  addPriceCommands(program.command("prices").description("what models cost"), run);
  addStatus(program, run);
}

function createContext(flags: GlobalFlags, world: CliWorld): CliContext {
  const color = wantsColor({ flag: colorFlag(flags), env: world.env, isTerminal: world.isTerminal });
  return {
    ...world,
    json: flags.json === true,
    paint: createPainter(color),
    client: () => createClient({ ...resolveSettings({ flags, env: world.env, cwd: world.cwd }), fetch: world.fetch }),
  };
}

/** Commander gives `true` for both `--color` and its absence only when a default is set; ours has none. */
function colorFlag(flags: GlobalFlags): boolean | undefined {
  return flags.color;
}

function reportFailure(error: unknown, { flags, world }: { flags: GlobalFlags; world: CliWorld }): ExitCode {
  if (isCommanderError(error)) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (world.signal.aborted) return exitCodes.done;
  const failure = toCliError(error);
  if (flags.json === true) {
    const { code, message, param, remedy, retryable } = failure;
    world.note(`${JSON.stringify({ error: { code, message, param, remedy, retryable } })}\n`);
  } else {
    const paint = createPainter(wantsColor({ flag: colorFlag(flags), env: world.env, isTerminal: world.isTerminal }));
    const place = failure.param === undefined ? "" : ` (${safeLine(failure.param)})`;
    world.note(`${paint("red", failure.code)}: ${safeText(failure.message)}${place}\n${safeText(failure.remedy)}\n`);
  }
  return failure.exitCode;
}

function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof Error && "code" in error && String(error.code).startsWith("commander.");
}

function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  if (isMillraceError(error)) return fromMillraceError(error, "Correct it and try again.");
  if (error instanceof ZodError) {
    return new CliError({
      code: "unexpected-answer",
      message: "the server answered with something else than Millrace would",
      remedy: "Check that this command and the server are of the same version.",
      cause: error,
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new CliError({ code: "file-error", message, remedy: "Correct it and try again.", cause: error });
}

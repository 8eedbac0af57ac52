import type { Command } from "commander";
import { CliError } from "../cli-error.ts";
import type { CliContext } from "../context.ts";
import { renderTraceLine, type TraceSummary } from "../render/trace-line.ts";
import { parseCount } from "./parse-arguments.ts";
import type { Run } from "./run.ts";

const POLL_MS = 500;
const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 5_000;
const PAGE = 200;

interface TailOptions {
  readonly prompt?: string;
  readonly limit: number;
  readonly follow: boolean;
}

export function addTracesTail(group: Command, run: Run): void {
  group
    .command("tail")
    .description("follow the traces as they arrive; Ctrl C ends it")
    .option("--prompt <name>", "only of this prompt")
    .option("--limit <n>", "how many of the past to begin with", parseCount, 10)
    .option("--no-follow", "print those and end")
    .addHelpText(
      "after",
      "\nA restart of the server does not end it: it waits and goes on where it was. --json prints one object on each line.",
    )
    .action(
      run(async (context, [options]: [TailOptions]) => {
        let cursor = await printRecent(context, options);
        while (options.follow && !context.signal.aborted) {
          cursor = await patiently(context, async () => printNew(context, options, cursor));
          await context.sleep(POLL_MS, context.signal);
        }
        return undefined;
      }),
    );
}

/** Prints the last few, oldest first; gives back the cursor after them. */
async function printRecent(context: CliContext, { prompt, limit }: TailOptions): Promise<string | undefined> {
  const { data } = await context.client().traces({ limit, prompt });
  for (const trace of data.toReversed()) printTrace(context, trace);
  return data[0]?.id;
}

/** Prints everything after the cursor. Without one (there was no trace yet) everything is new. */
async function printNew(
  context: CliContext,
  { prompt }: TailOptions,
  after: string | undefined,
): Promise<string | undefined> {
  let cursor = after;
  for (;;) {
    const page = await context
      .client()
      .traces(cursor === undefined ? { limit: PAGE, prompt } : { limit: PAGE, prompt, after: cursor });
    const data = cursor === undefined ? page.data.toReversed() : page.data;
    for (const trace of data) printTrace(context, trace);
    cursor = (after === undefined ? undefined : page.next) ?? data.at(-1)?.id ?? cursor;
    if (data.length < PAGE) return cursor;
  }
}

function printTrace(context: CliContext, trace: TraceSummary): void {
  context.out(context.json ? `${JSON.stringify(trace)}\n` : `${renderTraceLine(context.paint, trace)}\n`);
}

/** Tries again for as long as the server is away; what the server refuses ends the command. */
async function patiently<T>(context: CliContext, work: () => Promise<T>): Promise<T> {
  for (let delayMs = RETRY_FIRST_MS, told = false; ; delayMs = Math.min(2 * delayMs, RETRY_MAX_MS)) {
    try {
      const result = await work();
      if (told) context.note(context.paint("dim", "connected again\n"));
      return result;
    } catch (error) {
      if (!(error instanceof CliError) || !error.retryable || context.signal.aborted) throw error;
      if (!told) context.note(context.paint("yellow", `${error.message}; waiting for it\n`));
      told = true;
      await context.sleep(delayMs, context.signal);
    }
  }
}

import type { Command } from "commander";
import { CliError } from "../cli-error.ts";
import type { CliContext } from "../context.ts";
import { renderTraceLine, type TraceSummary } from "../render/trace-line.ts";
import { parseCount } from "./parse-arguments.ts";
import type { Run } from "./run.ts";

const POLL_MS = 500;
const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 5_000;
/** The most that one answer holds. */
const PAGE = 200;
/** Ids kept to print none twice: many pages, little memory. */
const REMEMBERED = 10_000;

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
        const follower: Follower = { seen: new Set(), newest: undefined };
        await printRecent(context, options, follower);
        while (options.follow && !context.signal.aborted) {
          await patiently(context, async () => printNew(context, options, follower));
          await context.sleep(POLL_MS, context.signal);
        }
        return undefined;
      }),
    );
}

/** What was printed. An id is as old as the start of its exchange, so a long answer arrives behind ids that are newer. */
interface Follower {
  readonly seen: Set<string>;
  newest: string | undefined;
}

/** Prints the last few, oldest first; what came before them counts as seen. */
async function printRecent(context: CliContext, { prompt, limit }: TailOptions, follower: Follower): Promise<void> {
  const { data } = await context.client().traces({ limit: PAGE, prompt });
  for (const trace of data.slice(limit)) follower.seen.add(trace.id);
  printUnseen(context, data.slice(0, limit).toReversed(), follower);
  follower.newest = data[0]?.id;
}

/** Prints what the newest page has and was not seen; when all of it is new, first what lies between, page by page. */
async function printNew(context: CliContext, { prompt }: TailOptions, follower: Follower): Promise<void> {
  const latest = (await context.client().traces({ limit: PAGE, prompt })).data;
  const mayHaveGap = latest.length === PAGE && latest.every(({ id }) => !follower.seen.has(id));
  while (mayHaveGap && follower.newest !== undefined) {
    const { data } = await context.client().traces({ limit: PAGE, prompt, after: follower.newest });
    printUnseen(context, data, follower);
    follower.newest = data.at(-1)?.id ?? follower.newest;
    if (data.length < PAGE) break;
  }
  printUnseen(context, latest.toReversed(), follower);
  follower.newest = latest[0]?.id ?? follower.newest;
}

function printUnseen(context: CliContext, traces: readonly TraceSummary[], { seen }: Follower): void {
  for (const trace of traces) {
    if (seen.has(trace.id)) continue;
    seen.add(trace.id);
    printTrace(context, trace);
  }
  for (const id of seen) {
    if (seen.size <= REMEMBERED) break;
    seen.delete(id);
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

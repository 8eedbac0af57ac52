import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { ImportReport } from "@millrace/core/contract";
import { InvalidArgumentError, type Command } from "commander";
import { CliError, fileError } from "../cli-error.ts";
import { type CliContext, present } from "../context.ts";
import type { Painter } from "../render/painter.ts";
import { safeLine } from "../render/safe-text.ts";
import { noteLive } from "./await-live.ts";
import type { Run } from "./run.ts";

/** Where the file is kept up by its authors. */
const PUBLIC_FILE = "https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json";
/** A download of a few megabytes. */
const DOWNLOAD_TIMEOUT_MS = 60_000;
/** Names shown of each reason; --json has them all. */
const SHOWN = 3;

interface ImportOptions {
  readonly as: Readonly<Record<string, string>>;
}

/** `litellm-name=provider`; collects repeated options. */
function parseAs(text: string, earlier: Readonly<Record<string, string>>): Record<string, string> {
  const [, from, to] = /^([^=]+)=([^=]+)$/.exec(text) ?? [];
  if (from === undefined || to === undefined) throw new InvalidArgumentError("expected litellm-name=provider");
  return { ...earlier, [from]: to };
}

export function addPricesImport(group: Command, run: Run): void {
  group
    .command("import")
    .argument("<source>", "a file or an https address in LiteLLM's format")
    .description("replace the imported prices; what the project set itself stays and wins")
    .option("--as <litellm=provider>", "take LiteLLM's prices of a provider for one of the project", parseAs, {})
    .addHelpText("after", `\nThe public file: ${PUBLIC_FILE}`)
    .action(
      run(async (context, [source, options]: [string, ImportOptions]) => {
        const prices = await readSource(context, source);
        const startedMs = context.nowMs();
        const report = await context.client().importPrices({ format: "litellm", prices, providers: options.as });
        present(context, report, () => renderReport(context.paint, report));
        await noteLive(context, startedMs);
        return undefined;
      }),
    );
}

async function readSource(context: CliContext, source: string): Promise<Record<string, unknown>> {
  const text = /^https?:\/\//.test(source)
    ? await download(context, source)
    : await readFile(resolve(context.cwd, source), "utf8");
  const value = parse(source, text);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw fileError(`${source} holds no JSON object`);
  return value as Record<string, unknown>;
}

function parse(source: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fileError(`${source} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function download(context: CliContext, source: string): Promise<string> {
  const away = (message: string, cause?: unknown): CliError =>
    new CliError({
      code: "unreachable",
      message,
      remedy: "Download the file by other means and import it from disk.",
      retryable: true,
      cause,
    });
  try {
    const response = await context.fetch(source, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
    if (!response.ok) throw away(`${source} answered HTTP ${response.status}`);
    return await response.text();
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw away(`${source} does not answer`, error);
  }
}

/** How many prices there are now, and what became of the rest: nothing is dropped in silence. */
function renderReport(paint: Painter, { imported, skipped, ignored, doubts }: ImportReport): string {
  const reasons = Map.groupBy(skipped, ({ reason }) => reason);
  const lines = [...reasons].map(([reason, entries]) => {
    const names = entries.slice(0, SHOWN).map(({ name }) => safeLine(name));
    return `  ${String(entries.length).padStart(5)}  ${reason.padEnd(20)}  ${paint("dim", `${names.join(", ")}${entries.length > SHOWN ? ", …" : ""}`)}`;
  });
  return [
    `${paint("green", String(imported))} prices imported, ${skipped.length} entries skipped`,
    ...lines,
    ...(ignored.length === 0 ? [] : ["Rates that have no counterpart here, and are not in a cost:"]),
    ...ignored.map(({ rate, entries }) => `  ${String(entries).padStart(5)}  ${safeLine(rate)}`),
    ...(doubts.length === 0 ? [] : ["Unlikely, worth a look:"]),
    ...doubts.map(({ name, doubt }) => `  ${safeLine(name)}: ${doubt}`),
    "",
  ].join("\n");
}

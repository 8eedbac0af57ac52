import { resolve } from "node:path";
import { priceSchema, type Price } from "@millrace/core/contract";
import type { Command } from "commander";
import { faultLines, usageError } from "../cli-error.ts";
import { present } from "../context.ts";
import { describePrice } from "../render/price.ts";
import { noteLive } from "./await-live.ts";
import { parseDollars } from "./parse-arguments.ts";
import { readDeclaration } from "./read-declaration.ts";
import type { Run } from "./run.ts";

interface SetOptions {
  readonly provider?: string;
  readonly kind?: string;
  readonly prefix?: boolean;
  readonly from?: string;
  readonly until?: string;
  readonly file?: string;
  readonly input?: number;
  readonly output?: number;
  readonly cachedInput?: number;
  readonly cacheWrite?: number;
  readonly cacheWrite1h?: number;
  readonly reasoning?: number;
  readonly request?: number;
}

export function addPricesSet(group: Command, run: Run): void {
  const dollars = "dollars for a million tokens";
  group
    .command("set")
    .argument("[model]", "the name that the provider knows it by; not with --file")
    .description("set what a model costs; goes before every imported price")
    .option("--provider <name>", "of this provider of the project")
    .option("--kind <kind>", "of every provider of this kind")
    .option("--input <dollars>", dollars, parseDollars)
    .option("--output <dollars>", dollars, parseDollars)
    .option("--cached-input <dollars>", dollars, parseDollars)
    .option("--cache-write <dollars>", dollars, parseDollars)
    .option("--cache-write-1h <dollars>", dollars, parseDollars)
    .option("--reasoning <dollars>", dollars, parseDollars)
    .option("--request <dollars>", "dollars for each call", parseDollars)
    .option("--prefix", "of every model whose name begins so")
    .option("--from <date>", "in force from then on")
    .option("--until <date>", "in force up to then")
    .option("--file <path>", "a whole price as JSON: images, audio, tiers, batch")
    .action(
      run(async (context, [model, options]: [string | undefined, SetOptions]) => {
        const price =
          options.file === undefined
            ? priceOf(model, options)
            : await readDeclaration(resolve(context.cwd, options.file), priceSchema);
        const startedMs = context.nowMs();
        const stored = await context.client().putPrice(price);
        present(context, stored, () => `${stored.id}  ${stored.price.model}  ${describePrice(stored.price)}\n`);
        await noteLive(context, startedMs);
        return undefined;
      }),
    );
}

function priceOf(model: string | undefined, options: SetOptions): Price {
  const { provider, kind } = options;
  if (model === undefined) throw usageError("say which model, or give a file");
  if ((provider === undefined) === (kind === undefined))
    throw usageError("say one of --provider <name>, --kind <kind>");
  const parsed = priceSchema.safeParse({
    scope: provider === undefined ? { kind } : { provider },
    model,
    match: options.prefix === true ? "prefix" : "exact",
    ...dateOf("valid_from", options.from),
    ...dateOf("valid_until", options.until),
    rates: ratesOf(options),
  });
  if (parsed.success) return parsed.data;
  throw usageError(faultLines(parsed.error));
}

/** Calls are priced one by one, and rates count by the million. */
const CALLS = 1_000_000;

function ratesOf(options: SetOptions): Record<string, number> {
  const given = {
    input: options.input,
    output: options.output,
    cached_input: options.cachedInput,
    cache_write: options.cacheWrite,
    cache_write_1h: options.cacheWrite1h,
    reasoning: options.reasoning,
    requests: options.request === undefined ? undefined : options.request * CALLS,
  };
  const rates = Object.entries(given).flatMap(([name, rate]) => (rate === undefined ? [] : [[name, rate] as const]));
  if (rates.length === 0) throw usageError("say at least one rate, such as --input 2.50");
  return Object.fromEntries(rates);
}

function dateOf(name: string, text: string | undefined): Record<string, string> {
  if (text === undefined) return {};
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw usageError(`not a date: ${text}`);
  return { [name]: date.toISOString() };
}

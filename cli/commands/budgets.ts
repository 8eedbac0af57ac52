import { type BudgetUsage, type BudgetWindow, putBudgetSchema } from "@millrace/core/contract";
import type { Command } from "commander";
import type { z } from "zod";
import { CliError, faultLines, usageError } from "../cli-error.ts";
import { type CliContext, present } from "../context.ts";
import { safeLine } from "../render/safe-text.ts";
import { renderTable } from "../render/table.ts";
import { renderMinute } from "../render/time.ts";
import { noteLive } from "./await-live.ts";
import { parseAmount, parseDollars } from "./parse-arguments.ts";
import type { Run } from "./run.ts";

interface SetOptions {
  readonly scope: string;
  readonly per: string;
  readonly timeZone?: string;
  readonly match?: string;
  readonly env?: string;
  readonly requests?: number;
  readonly tokens?: number;
  readonly usd?: number;
  readonly alertOnly?: boolean;
  readonly alerts?: string[];
  readonly webhook?: string;
  readonly webhookSecret?: string;
}

const MICROS = 1_000_000;
const units: ReadonlySet<string> = new Set(["minute", "hour", "day", "week", "month"]);

/** `day`, or `90s` for the last 90 seconds. */
function windowOf({ per, timeZone }: SetOptions): object {
  if (units.has(per))
    return { kind: "calendar", unit: per, ...(timeZone === undefined ? {} : { time_zone: timeZone }) };
  const seconds = /^(\d+)s$/.exec(per)?.[1];
  if (seconds === undefined)
    throw usageError(`--per takes ${[...units].join(", ")} or seconds such as 90s, not ${per}`);
  return { kind: "rolling", seconds: Number(seconds) };
}

function budgetOf(options: SetOptions): z.input<typeof putBudgetSchema> {
  const { match, env, requests, tokens, usd, alerts, webhook, webhookSecret } = options;
  const limit = {
    ...(requests === undefined ? {} : { requests }),
    ...(tokens === undefined ? {} : { tokens }),
    ...(usd === undefined ? {} : { usd_micros: usd }),
  };
  const parsed = putBudgetSchema.safeParse({
    scope: options.scope,
    window: windowOf(options),
    limit,
    on_exceed: options.alertOnly === true ? "alert" : "block",
    alerts: (alerts ?? []).map(Number),
    ...(match === undefined ? {} : { match }),
    ...(env === undefined ? {} : { environment: env }),
    ...(webhook === undefined
      ? {}
      : { webhook: { url: webhook, ...(webhookSecret === undefined ? {} : { secret: webhookSecret }) } }),
  });
  if (!parsed.success) throw usageError(faultLines(parsed.error));
  return parsed.data;
}

function describeWindow(window: BudgetWindow): string {
  return window.kind === "rolling" ? `${window.seconds}s` : `${window.unit} ${window.time_zone}`;
}

function dollars(micros: number): string {
  return `$${(micros / MICROS).toFixed(micros % 10_000 === 0 ? 2 : 6)}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function describeLimit(limit: {
  requests?: number | undefined;
  tokens?: number | undefined;
  usd_micros?: number | undefined;
}): string {
  const parts = [
    ...(limit.requests === undefined ? [] : [counted(limit.requests, "request")]),
    ...(limit.tokens === undefined ? [] : [counted(limit.tokens, "token")]),
    ...(limit.usd_micros === undefined ? [] : [dollars(limit.usd_micros)]),
  ];
  return parts.join(", ");
}

function usageRow({ budget, subject, limit, spent, reserved, resets_at: resetsAt }: BudgetUsage): string[] {
  const shown = (of: BudgetUsage["spent"]): string =>
    describeLimit({
      ...(limit.requests === undefined ? {} : { requests: of.requests }),
      ...(limit.tokens === undefined ? {} : { tokens: of.tokens }),
      ...(limit.usd_micros === undefined ? {} : { usd_micros: of.usd_micros }),
    });
  const account = subject === null ? "–" : subject === "" ? "(no user)" : safeLine(subject);
  return [safeLine(budget), account, shown(spent), shown(reserved), describeLimit(limit), renderMinute(resetsAt)];
}

export function addBudgetCommands(group: Command, run: Run): void {
  group
    .command("list")
    .alias("ls")
    .description("list the budgets of the project")
    .action(
      run(async (context) => {
        const list = await context.client().budgets();
        present(context, list, () => {
          const rows = list.data.map((budget) => [
            context.paint("bold", budget.name),
            budget.match === undefined ? budget.scope : `${budget.scope} ${safeLine(budget.match)}`,
            budget.environment ?? "all",
            describeWindow(budget.window),
            describeLimit(budget.limit),
            budget.on_exceed,
          ]);
          const head = ["NAME", "SCOPE", "ENVIRONMENT", "WINDOW", "LIMIT", "ON EXCEED"];
          return renderTable(context.paint, head, rows) || "No budgets.\n";
        });
        return undefined;
      }),
    );
  addSet(group, run);
  group
    .command("delete")
    .argument("<name>", "the budget")
    .description("delete a budget, and wait until nothing is limited by it")
    .action(
      run(async (context, [name]: [string]) => {
        const startedMs = context.nowMs();
        await context.client().deleteBudget(name);
        present(context, { name, deleted: true }, () => `${safeLine(name)}  ${context.paint("red", "deleted")}\n`);
        await noteLive(context, startedMs);
        return undefined;
      }),
    );
  group
    .command("usage")
    .argument("[name]", "one budget")
    .description("what is spent and held on the accounts of this environment's budgets, as of now")
    .action(
      run(async (context, [name]: [string | undefined]) => {
        const usage = await context.client().budgetUsage(name);
        if (name !== undefined && usage.data.length === 0) await requireBudget(context, name);
        present(context, usage, () => {
          const head = ["BUDGET", "ACCOUNT", "SPENT", "RESERVED", "LIMIT", "RESETS"];
          return renderTable(context.paint, head, usage.data.map(usageRow)) || "Nothing is spent.\n";
        });
        if (usage.truncated) context.note("There are more accounts; name a budget to see its own.\n");
        return undefined;
      }),
    );
}

/** Nothing spent of a budget and no such budget look alike in `usage`. @throws CliError `unknown-resource` */
async function requireBudget(context: CliContext, name: string): Promise<void> {
  const budgets = await context.client().budgets();
  if (budgets.data.some((budget) => budget.name === name)) return;
  throw new CliError({
    code: "unknown-resource",
    message: `There is no budget ${name}.`,
    remedy: "List them with `millrace budgets list`.",
  });
}

function addSet(group: Command, run: Run): void {
  group
    .command("set")
    .argument("<name>", "the budget")
    .description("create or replace a budget, and wait until that is live")
    .requiredOption("--scope <scope>", "whose account: project, environment, key, user, prompt or model")
    .requiredOption("--per <window>", "minute, hour, day, week, month, or seconds that roll, such as 90s")
    .option("--time-zone <zone>", "IANA name of the calendar's zone; UTC if absent")
    .option("--match <subject>", "only this key id, user, prompt or model; else each has its own account")
    .option("--env <name>", "only in this environment")
    .option("--requests <n>", "limit of requests", parseAmount)
    .option("--tokens <n>", "limit of tokens", parseAmount)
    .option("--usd <amount>", "limit of dollars, such as 12.50", parseDollars)
    .option("--alert-only", "count and tell, never refuse")
    .option("--alerts <fractions...>", "tell the webhook at these fractions of the limit, such as 0.8 1")
    .option("--webhook <url>", "where alerts go")
    .option("--webhook-secret <NAME>", "name of the secret that signs them")
    .action(
      run(async (context, [name, options]: [string, SetOptions]) => {
        const startedMs = context.nowMs();
        const budget = await context.client().putBudget(name, budgetOf(options));
        present(
          context,
          budget,
          () => `${safeLine(name)}  ${describeLimit(budget.limit)} per ${describeWindow(budget.window)}\n`,
        );
        await noteLive(context, startedMs);
        return undefined;
      }),
    );
}

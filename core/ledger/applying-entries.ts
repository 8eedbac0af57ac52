import type { Budget } from "../contract/index.ts";
import { sha256Hex } from "../content/index.ts";
import type { LedgerEntry } from "./ledger-service.ts";

/** Beyond it an account goes by the hash of its subject: callers write `user` themselves, and a ledger keeps one row for each. */
const MAX_SUBJECT_CHARS = 256;

/** What of an exchange decides which budgets apply. */
export interface ExchangeSubject {
  readonly environment: string;
  readonly keyId: string;
  /** OpenAI's `user` field; undefined when the request names none. */
  readonly user: string | undefined;
  /** Name of the prompt; undefined for a plain model call. */
  readonly prompt: string | undefined;
  /** The name by which the caller, or the prompt, called the model. */
  readonly model: string;
}

/**
 * The exchange's account in the budget, or undefined when the budget is not about it. An exchange without a user is on the account of the user
 * "", so that leaving the field out is no way around a limit for each user; a limit for prompts is not about calls without one.
 */
function subjectOf(budget: Budget, exchange: ExchangeSubject): string | undefined {
  switch (budget.scope) {
    case "project":
      return "";
    case "environment":
      return exchange.environment;
    case "key":
      return exchange.keyId;
    case "user":
      return exchange.user ?? "";
    case "prompt":
      return exchange.prompt;
    case "model":
      return exchange.model;
  }
}

/** What the ledger is asked: one entry for each budget that the exchange is about, in the order of the budgets. */
export function applyingEntries(budgets: readonly Budget[], exchange: ExchangeSubject): readonly LedgerEntry[] {
  const entries: LedgerEntry[] = [];
  for (const budget of budgets) {
    if (budget.environment !== undefined && budget.environment !== exchange.environment) continue;
    const subject = subjectOf(budget, exchange);
    if (subject === undefined || (budget.match !== undefined && budget.match !== subject)) continue;
    entries.push({
      budget: budget.name,
      account: accountName(
        budget.scope,
        subject.length <= MAX_SUBJECT_CHARS ? subject : `sha256-${sha256Hex(subject)}`,
      ),
      window: budget.window,
      limit: budget.limit,
      blocking: budget.on_exceed === "block",
      alerts: budget.alerts,
      webhook: budget.webhook,
    });
  }
  return entries;
}

/** `user:alice`; `project:` for the one account of a project. */
export function accountName(scope: Budget["scope"], subject: string): string {
  return `${scope}:${subject}`;
}

/** What the account's name says, back again: null for the one account of a project. */
export function accountSubject(account: string): string | null {
  const colon = account.indexOf(":");
  return account.slice(0, colon) === "project" ? null : account.slice(colon + 1);
}

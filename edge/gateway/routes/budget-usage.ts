import {
  type Budget,
  type BudgetUsage,
  budgetUsageQuerySchema,
  type budgetUsageListSchema,
} from "@millrace/core/contract";
import { MillraceError } from "@millrace/core/contract";
import { accountSubject, type LedgerService, type LedgerUsage } from "@millrace/core/ledger";
import { errorFields, type Log } from "@millrace/core/log";
import type { Handler } from "hono";
import type { z } from "zod";
import { within } from "../memory/within.ts";
import type { AuthenticateDeps } from "../stages/authenticate/index.ts";
import { admit } from "./admit.ts";

/** Accounts of one answer. */
const MAX_ACCOUNTS = 1_000;
const LIMIT_MS = 5_000;

export interface BudgetUsageDeps extends AuthenticateDeps {
  readonly ledger: (name: string) => Pick<LedgerService, "usage">;
  readonly log: Log;
}

function isOf(budget: Budget, row: LedgerUsage): boolean {
  const begins = budget.match === undefined ? `${budget.scope}:` : `${budget.scope}:${budget.match}`;
  const named = budget.match === undefined ? row.account.startsWith(begins) : row.account === begins;
  return row.budget === budget.name && named && JSON.stringify(row.window) === JSON.stringify(budget.window);
}

function shown(budget: Budget, row: LedgerUsage): BudgetUsage {
  return {
    budget: budget.name,
    scope: budget.scope,
    subject: accountSubject(row.account),
    limit: budget.limit,
    on_exceed: budget.on_exceed,
    spent: row.spent,
    reserved: row.reserved,
    unknown: { tokens: row.unknownTokens, cost: row.unknownCost },
    resets_at: new Date(row.resetsAtMs).toISOString(),
  };
}

/** GET /api/v1/budgets/usage: what the ledger has on the accounts of this environment's budgets. */
export function budgetUsageRoute(deps: BudgetUsageDeps): Handler {
  return async (context) => {
    const { principal, config } = await admit(context, "budgets:read", deps);
    const query = budgetUsageQuerySchema.safeParse(context.req.query());
    if (!query.success) throw new MillraceError("invalid-request", { message: "The only parameter is `budget`." });
    let rows: readonly LedgerUsage[];
    try {
      const asked = deps.ledger(principal.projectId).usage({ budget: query.data.budget, limit: MAX_ACCOUNTS + 1 });
      rows = await within(asked, LIMIT_MS);
    } catch (cause) {
      deps.log("error", "ledger-away", errorFields(cause));
      throw new MillraceError("state-unavailable", { message: "The ledger is away.", cause });
    }
    const data = rows.slice(0, MAX_ACCOUNTS).flatMap((row): BudgetUsage[] => {
      const budget = config.bundle.budgets.find((each) => isOf(each, row));
      return budget === undefined ? [] : [shown(budget, row)];
    });
    return context.json({ data, truncated: rows.length > MAX_ACCOUNTS } satisfies z.output<
      typeof budgetUsageListSchema
    >);
  };
}

import { z } from "zod";
import { budgetLimitSchema, budgetSchema, budgetScopeSchema } from "../budget.ts";

export const budgetListSchema = z.object({ data: z.array(budgetSchema) });

const count = z.int().nonnegative();
const amountsSchema = z.object({ requests: count, tokens: count, usd_micros: count });

/** One account of a budget, as the ledger has it at this moment. */
export const budgetUsageSchema = z.object({
  budget: z.string(),
  scope: budgetScopeSchema,
  /** Whose account: a key id, a user, …; null where the budget has one account. An exchange without a user is booked on the user "". */
  subject: z.string().nullable(),
  limit: budgetLimitSchema,
  on_exceed: z.enum(["block", "alert"]),
  spent: amountsSchema,
  /** Held for exchanges that are under way. */
  reserved: amountsSchema,
  /** Exchanges among the spent whose tokens, or whose price, nobody knows. */
  unknown: z.object({ tokens: count, cost: count }),
  /** When the account begins anew; of a rolling window, when its oldest amount leaves. */
  resets_at: z.iso.datetime(),
});
export type BudgetUsage = z.output<typeof budgetUsageSchema>;

export const budgetUsageQuerySchema = z.strictObject({ budget: z.string().optional() });
export const budgetUsageListSchema = z.object({
  data: z.array(budgetUsageSchema),
  /** More accounts were there than one answer holds; ask for one budget. */
  truncated: z.boolean(),
});

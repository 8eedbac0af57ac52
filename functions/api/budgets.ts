import { budgetSchema, MAX_BUDGETS, MillraceError, putBudgetSchema } from "@millrace/core/contract";
import { assertPublicUrl } from "@millrace/core/net";
import { deleteBudget, listBudgets, putBudget } from "../stores/budget-store.ts";
import { type Handlers, ok, param } from "./call.ts";
import { validate } from "./validate.ts";

/** Budgets of the project. What is spent is answered by the gateway, whose ledger knows. */
export const budgetHandlers: Handlers = {
  listBudgets: async (call) => ok({ data: await listBudgets(call.tenant) }),

  putBudget: async (call) => {
    const budget = validate(budgetSchema, { name: param(call, "name"), ...putBudgetSchema.parse(call.body) });
    if (budget.webhook !== undefined) assertPublicUrl(budget.webhook.url, call.deps.allowedPrivateHosts);
    const outcome = await putBudget(call.change, budget);
    if (outcome === "no-environment")
      throw new MillraceError("unknown-resource", { message: `There is no environment ${budget.environment ?? ""}.` });
    if (outcome.rows.length === 0)
      throw new MillraceError("invalid-request", { message: `A project has at most ${MAX_BUDGETS} budgets.` });
    call.deps.publish(outcome.environmentIds);
    return ok(budget);
  },

  deleteBudget: async (call) => {
    const name = param(call, "name");
    const { rows, environmentIds } = await deleteBudget(call.change, name);
    if (rows.length === 0) throw new MillraceError("unknown-resource", { message: `There is no budget ${name}.` });
    call.deps.publish(environmentIds);
    return { status: 204 };
  },
};

import {
  budgetListSchema,
  budgetSchema,
  budgetUsageListSchema,
  budgetUsageQuerySchema,
  putBudgetSchema,
} from "../contract/index.ts";
import type { ApiOperation } from "./operation.ts";

/** What may be spent, and what is. */
export const budgetOperations: readonly ApiOperation[] = [
  {
    id: "listBudgets",
    tag: "Budgets",
    method: "get",
    path: "/api/v1/budgets",
    summary: "List budgets",
    permission: "budgets:read",
    responses: [{ status: 200, description: "The budgets.", body: { schema: budgetListSchema } }],
  },
  {
    id: "getBudgetUsage",
    tag: "Budgets",
    method: "get",
    path: "/api/v1/budgets/usage",
    summary: "What is spent",
    description:
      "The accounts of this environment's budgets, as the ledger has them at this moment: the most used first. Budgets that nobody has used yet have no account.",
    permission: "budgets:read",
    servedBy: "gateway",
    query: budgetUsageQuerySchema,
    responses: [{ status: 200, description: "The accounts.", body: { schema: budgetUsageListSchema } }],
  },
  {
    id: "putBudget",
    tag: "Budgets",
    method: "put",
    path: "/api/v1/budgets/{name}",
    summary: "Create or replace a budget",
    description:
      "What is spent stays on its account when the limit changes; with another window or scope the accounts begin anew. `webhook.secret` is the *name* of a secret in the gateway's environment.",
    permission: "budgets:write",
    request: {
      schema: putBudgetSchema,
      example: {
        scope: "user",
        window: { kind: "calendar", unit: "day", time_zone: "Europe/Berlin" },
        limit: { usd_micros: 2_000_000 },
        alerts: [0.8],
        webhook: { url: "https://hooks.example.com/millrace", secret: "BUDGET_HOOK" },
      },
    },
    responses: [{ status: 200, description: "The budget.", body: { schema: budgetSchema } }],
    errors: ["unknown-resource", "url-not-allowed"],
  },
  {
    id: "deleteBudget",
    tag: "Budgets",
    method: "delete",
    path: "/api/v1/budgets/{name}",
    summary: "Delete a budget",
    permission: "budgets:write",
    responses: [{ status: 204, description: "It is gone." }],
    errors: ["unknown-resource"],
  },
];

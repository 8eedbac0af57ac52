import { z } from "zod";
import { slugSchema } from "./ids.ts";
import { secretReferenceSchema } from "./provider.ts";

/** Whose account an exchange is booked on. */
export const budgetScopeSchema = z.enum(["project", "environment", "key", "user", "prompt", "model"]);
export type BudgetScope = z.infer<typeof budgetScopeSchema>;

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** The longest rolling window: a month, like the longest calendar window. Seconds. */
const MAX_ROLLING_SECONDS = 31 * 86_400;
/** Each is compared at every settlement. */
const MAX_ALERTS = 8;
/** Budgets of one project; each that applies is one row of one transaction. */
export const MAX_BUDGETS = 100;

/** When an account begins anew: with the calendar of a time zone, or always, as time goes by. */
export const budgetWindowSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("calendar"),
    /** A week begins on Monday. */
    unit: z.enum(["minute", "hour", "day", "week", "month"]),
    /** IANA name, such as `Europe/Berlin`. */
    time_zone: z.string().max(64).refine(isTimeZone, "expected an IANA time zone such as Europe/Berlin").default("UTC"),
  }),
  z.strictObject({ kind: z.literal("rolling"), seconds: z.int().min(1).max(MAX_ROLLING_SECONDS) }),
]);
export type BudgetWindow = z.output<typeof budgetWindowSchema>;

const amount = z.int().positive().max(Number.MAX_SAFE_INTEGER);

/** At least one of three. `usd_micros` are millionths of a dollar. */
export const budgetLimitSchema = z
  .strictObject({ requests: amount.optional(), tokens: amount.optional(), usd_micros: amount.optional() })
  .refine((limit) => Object.values(limit).some((value) => value !== undefined), "name at least one limit");
export type BudgetLimit = z.output<typeof budgetLimitSchema>;

const fields = z.strictObject({
  name: slugSchema,
  /** Absent = every environment of the project. */
  environment: slugSchema.optional(),
  scope: budgetScopeSchema,
  /** One key id, user, prompt or model; absent = each has an account of its own. */
  match: z.string().min(1).max(256).optional(),
  window: budgetWindowSchema,
  limit: budgetLimitSchema,
  /** `block` refuses what might exceed; `alert` only counts and tells. */
  on_exceed: z.enum(["block", "alert"]).default("block"),
  /** Fractions of the limit; each is told once in a window. */
  alerts: z.array(z.number().gt(0).max(10)).max(MAX_ALERTS).default([]),
  /** Where alerts go; `secret` names the secret that signs them. */
  webhook: z
    .strictObject({ url: z.url({ protocol: /^https?$/ }).max(2000), secret: secretReferenceSchema.optional() })
    .optional(),
});

/** A limit on what may be spent, by whom and in which time. */
export const budgetSchema = fields.superRefine((budget, context) => {
  if (budget.match !== undefined && (budget.scope === "project" || budget.scope === "environment"))
    context.addIssue({
      code: "custom",
      path: ["match"],
      message: `the scope ${budget.scope} has one account: leave out \`match\``,
    });
  if (budget.alerts.length > 0 && budget.webhook === undefined)
    context.addIssue({ code: "custom", path: ["webhook"], message: "alerts need a webhook to go to" });
});
export type Budget = z.output<typeof budgetSchema>;

/** PUT bodies carry no name: the path does. */
export const putBudgetSchema = fields.omit({ name: true });

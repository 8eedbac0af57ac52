import { z } from "zod";

const operand = z.union([z.string().max(1000), z.number(), z.boolean()]);

/**
 * Where a condition looks: `model`, `surface`, `stream`, `user`, `key`, `environment`, `project`, `prompt.name`, `prompt.label`, `prompt.version`,
 * `metadata.<key>`, `header.<name>` (never a credential), `request.<path>` (the body, by dots), `input_tokens` (estimated), `body_bytes`,
 * `time.hour`, `time.weekday` (0 = Sunday), `time.date` (ISO), all in UTC.
 */
export const conditionFieldSchema = z
  .string()
  .regex(
    /^(?:model|surface|stream|user|key|environment|project|prompt\.(?:name|label|version)|metadata\.[^\s.]{1,64}|header\.[a-z0-9-]{1,64}|request\.[A-Za-z0-9_.[\]-]{1,200}|input_tokens|body_bytes|time\.(?:hour|weekday|date))$/,
    "not a field that a condition can look at",
  );

export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  | ComparisonCondition;

const comparisonSchema = z.strictObject({
  field: conditionFieldSchema,
  is: z.enum([
    "equals",
    "not-equals",
    "in",
    "not-in",
    "contains",
    "starts-with",
    "ends-with",
    "above",
    "at-least",
    "below",
    "at-most",
    "exists",
  ]),
  /** A list for `in` and `not-in`; nothing for `exists`. */
  value: z.union([operand, z.array(operand).max(200)]).optional(),
});
export type ComparisonCondition = z.output<typeof comparisonSchema>;

/** A test on a request; `all` and `any` of at most 16 parts, nested as routes are. A field that is absent satisfies only `not-equals`, `not-in` and `not`. */
export const conditionSchema: z.ZodType<Condition> = z.lazy(() =>
  z.union([
    z.strictObject({ all: z.array(conditionSchema).min(1).max(16) }),
    z.strictObject({ any: z.array(conditionSchema).min(1).max(16) }),
    z.strictObject({ not: conditionSchema }),
    comparisonSchema,
  ]),
);

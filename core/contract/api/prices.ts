import { z } from "zod";
import { idSchema, slugSchema } from "../ids.ts";
import { priceSchema } from "../price.ts";

/** By model, then by id; `model` is the beginning of names. */
export const priceQuerySchema = z.strictObject({
  model: z.string().max(300).optional(),
  origin: z.enum(["override", "import"]).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  after: z.string().optional(),
});

export const storedPriceSchema = z.object({
  id: idSchema("price"),
  origin: z.enum(["override", "import"]),
  price: priceSchema,
  updated_at: z.iso.datetime(),
});
export type StoredPrice = z.output<typeof storedPriceSchema>;
export const priceListSchema = z.object({ data: z.array(storedPriceSchema), next: z.string().nullable() });

/** LiteLLM's `model_prices_and_context_window.json`, and what its providers are called here. */
export const importPricesSchema = z.strictObject({
  format: z.literal("litellm"),
  prices: z.record(z.string().max(500), z.unknown()),
  /** LiteLLM's provider → the name of a provider of this project, for those that are no kind of their own. */
  providers: z.record(z.string().max(100), slugSchema).default({}),
});

export const skipReasonSchema = z.enum([
  "not-a-price",
  "unknown-provider",
  "regional",
  "by-size-or-quality",
  "by-hour",
  "no-known-rate",
  "all-zero",
  "duplicate",
]);
export type SkipReason = z.infer<typeof skipReasonSchema>;

/** What an import did with every entry of the file. */
export const importReportSchema = z.object({
  imported: z.int().nonnegative(),
  /** Entries that gave no price. */
  skipped: z.array(z.object({ name: z.string(), reason: skipReasonSchema })),
  /** Rates of imported entries that have no counterpart here: what they charge for is not in a cost. */
  ignored: z.array(z.object({ rate: z.string(), entries: z.int().positive(), example: z.string() })),
  /** Imported, but unlikely: worth a look before it is believed. */
  doubts: z.array(z.object({ name: z.string(), doubt: z.string() })),
});
export type ImportReport = z.output<typeof importReportSchema>;

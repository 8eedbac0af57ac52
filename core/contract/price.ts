import { z } from "zod";
import { slugSchema } from "./ids.ts";
import { providerKindSchema } from "./provider.ts";

/** Micro-dollars for a million units: the finest published prices (a few thousandths of a dollar for a million tokens) are whole numbers of it. */
const rate = z.int().nonnegative();

/**
 * What each dimension costs. An absent rate of `cached_input`, `image_input` and `reasoning` means that the provider makes no difference: these
 * tokens cost what their whole (`input`, `output`) costs. Any other absent rate is unknown, and so is the cost of an exchange that used it.
 */
export const ratesSchema = z.strictObject({
  /** Input tokens that no other rate covers. */
  input: rate.optional(),
  /** Output tokens that no other rate covers. */
  output: rate.optional(),
  /** Input tokens read from the provider's prompt cache. */
  cached_input: rate.optional(),
  /** Input tokens written to the provider's prompt cache (for five minutes, where the provider offers more than one time). */
  cache_write: rate.optional(),
  /** The same, kept for an hour. */
  cache_write_1h: rate.optional(),
  reasoning: rate.optional(),
  audio_input: rate.optional(),
  audio_output: rate.optional(),
  image_input: rate.optional(),
  image_output: rate.optional(),
  /** Images made. */
  images: rate.optional(),
  /** Seconds of audio, heard or made. */
  audio_seconds: rate.optional(),
  /** Characters spoken. */
  characters: rate.optional(),
  /** Calls, whatever they hold. */
  requests: rate.optional(),
});
export type Rates = z.output<typeof ratesSchema>;

/** From this many input tokens on the whole call is billed by these rates; what they do not name costs what it cost below. */
const tierRatesSchema = z.strictObject({ above_input_tokens: z.int().positive(), rates: ratesSchema });

const ratedSchema = z.strictObject({
  rates: ratesSchema,
  /** In rising order of `above_input_tokens`. */
  tiers: z
    .array(tierRatesSchema)
    .max(8)
    .refine(
      (tiers) =>
        tiers.every((tier, at) => at === 0 || tier.above_input_tokens > (tiers[at - 1]?.above_input_tokens ?? 0)),
      "tiers rise by above_input_tokens",
    )
    .optional(),
});

/** Other ways to be served, each at its own price: the provider's batch API, and the `service_tier`s of an answer. */
export const priceModeSchema = z.enum(["batch", "flex", "priority"]);
export type PriceMode = z.infer<typeof priceModeSchema>;

/** A share of the standard cost, or rates of its own. */
const modeSchema = z.union([z.strictObject({ percent: z.int().nonnegative().max(1000) }), ratedSchema]);

/** Whose prices: every provider of one kind, or the one provider of this name. */
const priceScopeSchema = z.union([
  z.strictObject({ kind: providerKindSchema }),
  z.strictObject({ provider: slugSchema }),
]);
export type PriceScope = z.output<typeof priceScopeSchema>;

/** What one model costs, for a time. */
export const priceSchema = z
  .strictObject({
    scope: priceScopeSchema,
    /** The name that the provider knows the model by. */
    model: z.string().min(1).max(300),
    /** `prefix` covers every model whose name begins with `model`; an exact row wins, then the longer prefix. */
    match: z.enum(["exact", "prefix"]).default("exact"),
    /** From this moment on; absent = since ever. Of several rows in force the latest counts. */
    valid_from: z.iso.datetime().optional(),
    /** Up to this moment, exclusive. */
    valid_until: z.iso.datetime().optional(),
    ...ratedSchema.shape,
    modes: z.partialRecord(priceModeSchema, modeSchema).optional(),
  })
  .refine(
    ({ valid_from, valid_until }) =>
      valid_from === undefined || valid_until === undefined || Date.parse(valid_from) < Date.parse(valid_until),
    { path: ["valid_until"], message: "valid_until lies after valid_from" },
  );
export type Price = z.output<typeof priceSchema>;

/** A price and where it came from: what the project itself set wins over what it imported. */
export const priceRowSchema = z.object({ price: priceSchema, origin: z.enum(["override", "import"]) });
export type PriceRow = z.output<typeof priceRowSchema>;

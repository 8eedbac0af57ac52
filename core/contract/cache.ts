import { z } from "zod";
import { sha256Schema, slugSchema } from "./ids.ts";

/** The longest that an answer may be kept: thirty days, as a prompt's own setting allows. */
export const MAX_CACHE_TTL_SECONDS = 2_592_000;
/** Tags of one request; each is part of the key and looked up in the bundle. */
export const MAX_CACHE_TAGS = 8;
/** Purged tags that one environment's bundle carries; beyond it a purge empties the whole cache of the environment. */
export const MAX_PURGED_TAGS = 1000;

/** A word that callers mark answers with, to purge them together. */
export const cacheTagSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/, "use 1–64 letters, digits, and inner . _ : -");

const epochSchema = z.int().positive();

/**
 * How often what was purged. The counts are part of every key, so that a purge makes keys that no old answer has. What is absent was not
 * purged within the longest time that an answer is kept.
 */
export const cacheEpochsSchema = z.object({
  environment: z.int().nonnegative(),
  /** By prompt name. */
  prompts: z.record(slugSchema, epochSchema),
  /** By closure hash of a prompt version. */
  versions: z.record(sha256Schema, epochSchema),
  tags: z.record(cacheTagSchema, epochSchema),
});
export type CacheEpochs = z.output<typeof cacheEpochsSchema>;

/** Nothing was purged. */
export const NO_PURGES: CacheEpochs = { environment: 0, prompts: {}, versions: {}, tags: {} };

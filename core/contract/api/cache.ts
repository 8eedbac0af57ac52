import { z } from "zod";
import { cacheTagSchema } from "../cache.ts";
import { slugSchema } from "../ids.ts";

/** What to forget: all of the environment, a prompt, one version of it, or a tag. */
export const purgeCacheSchema = z.union([
  z.strictObject({ everything: z.literal(true) }),
  z.strictObject({ prompt: slugSchema, version: z.int().positive().optional() }),
  z.strictObject({ tag: cacheTagSchema }),
]);
export type PurgeCache = z.output<typeof purgeCacheSchema>;

export const purgedCacheSchema = z.object({
  /** `environment` also where a tag was named and too many tags were purged of late to tell them apart. */
  purged: z.enum(["environment", "prompt", "version", "tag"]),
  at: z.iso.datetime(),
});

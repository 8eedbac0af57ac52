import { z } from "zod";
import { budgetSchema } from "./budget.ts";
import { cacheEpochsSchema, NO_PURGES } from "./cache.ts";
import { sha256Schema, slugSchema } from "./ids.ts";
import { permissionSchema } from "./permission.ts";
import { priceRowSchema } from "./price.ts";
import { promptContentSchema } from "./prompt.ts";
import { providerSchema } from "./provider.ts";
import { modelSchema } from "./route.ts";

/** A prompt version as the gateway needs it. */
export const bundleVersionSchema = z.object({
  prompt: slugSchema,
  version: z.int().positive(),
  content: promptContentSchema,
  /** Alias → closure hash of the included version, which is in `versions` as well. */
  includes: z.record(slugSchema, sha256Schema),
});
export type BundleVersion = z.output<typeof bundleVersionSchema>;

/**
 * Everything that decides how requests of one project and environment are answered. Immutable; named by the SHA-256 of its
 * canonical JSON; signed (Ed25519) by the functions Worker. Holds key hashes and secret *names*, never a key or a secret.
 */
export const bundleSchema = z.object({
  schema: z.literal(1),
  project: z.object({ id: z.string(), slug: slugSchema }),
  environment: z.object({ id: z.string(), name: slugSchema }),
  /** SHA-256 of the whole key → what it may do. Revoked keys are absent. */
  keys: z.record(
    sha256Schema,
    z.object({ id: z.string(), permissions: z.array(permissionSchema), expires_at: z.iso.datetime().optional() }),
  ),
  prompts: z.record(
    slugSchema,
    z.object({
      id: z.string(),
      /** Label → version hash; null when the label was removed. */
      labels: z.record(slugSchema, sha256Schema.nullable()),
      /** Number → version hash, of the versions that are served. */
      numbers: z.record(z.string().regex(/^[1-9][0-9]*$/), sha256Schema),
    }),
  ),
  /** Closure hash → version. */
  versions: z.record(sha256Schema, bundleVersionSchema),
  models: z.record(z.string(), modelSchema),
  providers: z.record(slugSchema, providerSchema),
  cache_epochs: cacheEpochsSchema.default(NO_PURGES),
  /** Of this environment and of all; by name, so that an older bundle without them reads as having none. */
  budgets: z.array(budgetSchema).default([]),
  /** What the targets of `models` cost, in a fixed order. */
  prices: z.array(priceRowSchema).default([]),
  /** SHA-256 of the canonical JSON of `prices`; null while there are none. */
  price_version: sha256Schema.nullable().default(null),
});
export type Bundle = z.output<typeof bundleSchema>;

/** The mutable pointer to a bundle, kept by the config hub. */
export const bundlePointerSchema = z.object({
  environmentId: z.string(),
  /** Grows by one with each publication of the environment; compare-and-set on it. */
  epoch: z.int().positive(),
  hash: sha256Schema,
  /** Base64 Ed25519 signature over the UTF-8 bytes of `<environmentId>\n<epoch>\n<hash>`. */
  signature: z.string(),
  publishedAtMs: z.int(),
});
export type BundlePointer = z.output<typeof bundlePointerSchema>;

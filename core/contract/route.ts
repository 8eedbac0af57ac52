import { z } from "zod";
import { slugSchema } from "./ids.ts";

/** Where models run. */
export const providerKindSchema = z.enum(["runner", "openai-compatible", "huggingface"]);
export type ProviderKind = z.infer<typeof providerKindSchema>;
export const tierSchema = z.enum(["edge", "local", "cloud"]);
export type Tier = z.infer<typeof tierSchema>;

/** The name of a secret in the gateway's environment; its value is never stored. */
export const secretReferenceSchema = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,63}$/, "expected an upper-case name such as OPENAI_API_KEY");

/** A place that can answer: its kind, its address and how it authenticates. */
export const providerSchema = z.strictObject({
  name: slugSchema,
  kind: providerKindSchema,
  /** For `runner` and `openai-compatible`: the URL that `/chat/completions` is appended to, such as https://api.openai.com/v1. For `huggingface`: absent, or an Inference Endpoint. */
  base_url: z.url({ protocol: /^https?$/ }).optional(),
  secret: secretReferenceSchema.optional(),
  /** `huggingface` only: one of its inference providers (`hf-inference`, `together`, …); absent = Hugging Face chooses. */
  inference_provider: z.string().max(64).optional(),
  /** Milliseconds; each aborts the call upstream. */
  timeouts: z
    .strictObject({
      headers_ms: z.int().positive().max(600_000).default(30_000),
      first_token_ms: z.int().positive().max(600_000).default(60_000),
      gap_ms: z.int().positive().max(600_000).default(60_000),
      total_ms: z.int().positive().max(3_600_000).default(600_000),
    })
    .prefault({}),
});
export type Provider = z.output<typeof providerSchema>;

/** One target: a provider and the name it knows the model by. Routes of several targets (fallback, weighted, …) are further arms of this union. */
export const routeSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("target"), provider: slugSchema, model: z.string().min(1).max(300) }),
]);
export type Route = z.output<typeof routeSchema>;

export const surfaceSchema = z.enum(["chat", "completions", "embeddings"]);
export type Surface = z.infer<typeof surfaceSchema>;

/** A name that callers use, and how it becomes targets. */
export const modelSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}$/)
    .refine((name) => !name.startsWith("prompt:"), "the prefix `prompt:` is taken"),
  route: routeSchema,
  surfaces: z.array(surfaceSchema).min(1).default(["chat"]),
  context_tokens: z.int().positive().optional(),
});
export type Model = z.output<typeof modelSchema>;

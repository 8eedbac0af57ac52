import { z } from "zod";
import { slugSchema } from "./ids.ts";

/** Where models run. */
export const providerKindSchema = z.enum([
  "runner",
  "openai-compatible",
  "huggingface",
  "openai",
  "azure-openai",
  "mistral",
  "groq",
  "together",
  "fireworks",
  "deepseek",
  "openrouter",
  "xai",
  "workers-ai",
  "vllm",
  "sglang",
  "tgi",
  "ollama",
  "lm-studio",
  "triton",
  "anthropic",
  "gemini",
  "vertex-ai",
  "bedrock",
  "cohere",
]);
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
  /** The URL that the kind's paths are appended to (`/chat/completions` for most), such as https://api.openai.com/v1; absent = the kind's own address, where it has one. */
  base_url: z.url({ protocol: /^https?$/ }).optional(),
  secret: secretReferenceSchema.optional(),
  /** Several keys instead of one: calls take turns, and a key that the provider refuses is set aside. */
  secrets: z.array(secretReferenceSchema).min(1).max(16).optional(),
  /** Calls under way at once through one key; beyond it the next key or the next target answers. */
  max_concurrent: z.int().positive().max(100_000).optional(),
  /** What the kind needs beside an address, such as `region`; `provider-kinds.ts` lists the names for each kind. */
  settings: z.record(z.string().regex(/^[a-z][a-z_]{0,39}$/), z.string().min(1).max(2000)).optional(),
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

import { z } from "zod";
import { mediaSurfaceSchema } from "./surface.ts";

/** Surfaces that a kind of provider has or has not (`provider-kinds.ts`), whatever the model; each is a capability of its own name. */
export const surfaceCapabilitySchema = z.enum(["moderations", ...mediaSurfaceSchema.options]);
export type SurfaceCapability = z.infer<typeof surfaceCapabilitySchema>;

/**
 * What a request may need and a target may lack. A target that lacks one that a request needs is not chosen for it.
 * `prefill`: continues an assistant turn that the request ends with.
 */
export const capabilitySchema = z.enum([
  "streaming",
  "tools",
  "parallel-tools",
  "json-object",
  "json-schema",
  "images",
  "audio-input",
  "audio-output",
  "files",
  "logprobs",
  "multiple-choices",
  "seed",
  "prefill",
  ...surfaceCapabilitySchema.options,
]);
export type Capability = z.infer<typeof capabilitySchema>;

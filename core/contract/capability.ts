import { z } from "zod";

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
]);
export type Capability = z.infer<typeof capabilitySchema>;

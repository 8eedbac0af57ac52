import { z } from "zod";

/** What callers ask for: the routes under `/v1` that reach a model. `messages` and `responses` are other clients' words for a chat. */
export const surfaceSchema = z.enum(["chat", "completions", "embeddings"]);
export type Surface = z.infer<typeof surfaceSchema>;

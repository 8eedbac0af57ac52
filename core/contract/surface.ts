import { z } from "zod";

/** What models serve: the routes under `/v1` that reach one. `messages` and `responses` are other clients' words for a chat. */
export const surfaceSchema = z.enum(["chat", "completions", "embeddings"]);
export type Surface = z.infer<typeof surfaceSchema>;

/** How a caller asked, as traces tell it: through a surface, or in one of the dialects of `chat`, which every model that serves `chat` serves too. */
export const askedSurfaceSchema = z.enum([...surfaceSchema.options, "messages", "responses"]);
export type AskedSurface = z.infer<typeof askedSurfaceSchema>;

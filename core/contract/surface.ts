import { z } from "zod";

/** Surfaces whose requests or answers hold pictures or sound: they pass through, and are never kept or resumed. */
export const mediaSurfaceSchema = z.enum([
  "image-generations",
  "image-edits",
  "image-variations",
  "speech",
  "transcriptions",
  "translations",
]);
export type MediaSurface = z.infer<typeof mediaSurfaceSchema>;

/** What models serve: the routes under `/v1` that reach one. `messages` and `responses` are other clients' words for a chat. */
export const surfaceSchema = z.enum([
  "chat",
  "completions",
  "embeddings",
  "moderations",
  ...mediaSurfaceSchema.options,
]);
export type Surface = z.infer<typeof surfaceSchema>;

const media: ReadonlySet<string> = new Set(mediaSurfaceSchema.options);

/** Whether pictures or sound pass through. */
export function isMediaSurface(surface: Surface): surface is MediaSurface {
  return media.has(surface);
}

/** How a caller asked, as traces tell it: through a surface, or in one of the dialects of `chat`, which every model that serves `chat` serves too. */
export const askedSurfaceSchema = z.enum([...surfaceSchema.options, "messages", "responses"]);
export type AskedSurface = z.infer<typeof askedSurfaceSchema>;

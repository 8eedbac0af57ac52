import type { MediaSurface } from "@millrace/core/contract";
import type { Handler } from "hono";
import { openAiDialect } from "../dialects/openai/index.ts";
import { inferenceHandler } from "../pipeline/inference-handler.ts";
import type { PipelineDeps } from "../pipeline/pipeline-deps.ts";

/** Where pictures and sound are asked for. */
export const mediaPaths: Readonly<Record<MediaSurface, string>> = {
  "image-generations": "/v1/images/generations",
  "image-edits": "/v1/images/edits",
  "image-variations": "/v1/images/variations",
  speech: "/v1/audio/speech",
  transcriptions: "/v1/audio/transcriptions",
  translations: "/v1/audio/translations",
};

/** POST of one of `mediaPaths`. */
export function mediaRoute(surface: MediaSurface, deps: PipelineDeps): Handler {
  return inferenceHandler(openAiDialect(surface), deps);
}

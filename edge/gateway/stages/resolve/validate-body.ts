import {
  chatRequestSchema,
  completionRequestSchema,
  embeddingRequestSchema,
  imageEditRequestSchema,
  imageGenerationRequestSchema,
  imageVariationRequestSchema,
  type JsonObject,
  MAX_MESSAGES,
  moderationRequestSchema,
  speechRequestSchema,
  type Surface,
  type SurfaceCapability,
  transcriptionRequestSchema,
  translationRequestSchema,
} from "@millrace/core/contract";
import { validateRequest, type Validator } from "../../http/validate-request.ts";

const others: Readonly<Record<SurfaceCapability, Validator>> = {
  moderations: moderationRequestSchema,
  "image-generations": imageGenerationRequestSchema,
  "image-edits": imageEditRequestSchema,
  "image-variations": imageVariationRequestSchema,
  speech: speechRequestSchema,
  transcriptions: transcriptionRequestSchema,
  translations: translationRequestSchema,
};

const plainFields = new Set(["role", "content", "name"]);
const plainRoles = new Set<unknown>(["system", "developer", "user", "assistant"]);

/** A message whose validity is plain to see: most are, and a schema spends microseconds on each of thousands. */
function isPlain(message: unknown): boolean {
  if (typeof message !== "object" || message === null) return false;
  for (const field in message) if (!plainFields.has(field)) return false;
  const { role, content, name } = message as { role?: unknown; content?: unknown; name?: unknown };
  return plainRoles.has(role) && typeof content === "string" && (name === undefined || typeof name === "string");
}

function validateChat(fields: Readonly<JsonObject>): void {
  const { messages, model } = fields;
  // A named prompt may need no message of its caller.
  const given = messages === undefined && typeof model === "string" && model.startsWith("prompt:") ? [] : messages;
  const plain = Array.isArray(given) && given.length <= MAX_MESSAGES && given.every(isPlain);
  validateRequest(chatRequestSchema, { ...fields, messages: plain ? [] : given });
}

/**
 * Validates a request and returns the model that it names. Fields that nobody here knows are kept.
 * @throws MillraceError `invalid-request` that names the field.
 */
export function validateBody(surface: Surface, fields: Readonly<JsonObject>): string {
  switch (surface) {
    case "chat":
      validateChat(fields);
      break;
    case "completions":
      validateRequest(completionRequestSchema, fields);
      break;
    case "embeddings":
      validateRequest(embeddingRequestSchema, fields);
      break;
    case "moderations":
    case "image-generations":
    case "image-edits":
    case "image-variations":
    case "speech":
    case "transcriptions":
    case "translations":
      validateRequest(others[surface], fields);
  }
  const { model } = fields;
  return typeof model === "string" ? model : "";
}

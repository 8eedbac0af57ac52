/** Every bound that a caller can meet, with its unit in the name and its reason beside it. */

/** A request body. Ten times the largest context window in use (1 M tokens) would not fit in one isolate; this does. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** Nesting of a JSON body: beyond any real request, below the stack of a recursive validator. */
export const MAX_JSON_DEPTH = 64;
/** All request headers together; Workers allow 128 KB, a caller has no honest use for a quarter of it. */
export const MAX_HEADER_BYTES = 32 * 1024;
/** Messages in one chat request. */
export const MAX_MESSAGES = 4096;
/** Tools in one chat request (OpenAI's own bound). */
export const MAX_TOOLS = 128;
/** Choices (`n`) of one request (OpenAI's own bound). */
export const MAX_CHOICES = 128;
/** Stop sequences of one request (OpenAI's own bound). */
export const MAX_STOP_SEQUENCES = 4;
/** Pairs in `metadata` (OpenAI's own bound). */
export const MAX_METADATA_PAIRS = 16;
/** Source text of one prompt version. */
export const MAX_PROMPT_BYTES = 256 * 1024;
/** Depth of composition: deeper is a design mistake, and a bound keeps rendering linear. */
export const MAX_INCLUDE_DEPTH = 5;
/** Unlabelled versions of a prompt that the bundle still serves to requests that pin `@<number>`. */
export const SERVED_RECENT_VERSIONS = 20;
/** An outbox's row may hold 2 MB; a trace whose bodies are larger keeps them in R2. */
export const MAX_SHELVED_BODIES_BYTES = 1_500_000;
/** A bundle's canonical JSON: the rows for it travel in one answer of the database (10 MiB), and an isolate of 128 MB holds several bundles. */
export const MAX_BUNDLE_BYTES = 8 * 1024 * 1024;

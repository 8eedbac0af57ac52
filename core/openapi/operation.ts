import type { z } from "zod";
import type { ErrorCode, Permission } from "../contract/index.ts";

export type HttpMethod = "get" | "post" | "put" | "delete";

/** The groups of the reference, in the order in which a reader meets them. */
export const operationTags = {
  Inference: "The OpenAI-compatible routes: point an OpenAI client at them and call a model or a named prompt.",
  "Files and batches": "Files that are kept for their environment, and requests that are answered within a day.",
  Prompts: "Prompts, their immutable versions, and what lies between two of them.",
  Labels: "Pointers to versions within an environment. Every move is an entry in the label's history.",
  Models: "The names that callers use and the providers that answer.",
  Cache: "Answers that are served again: what to forget.",
  Prices: "What models cost: imported tables, and what the project itself says.",
  Budgets: "What may be spent, by whom and in which time; and what is.",
  Keys: "API keys: shown once, stored hashed, revocable.",
  Traces: "The record of every exchange.",
  Operations: "What runs, what waits to be published, who did what.",
} as const;
export type OperationTag = keyof typeof operationTags;

export interface OperationBody {
  readonly schema: z.ZodType;
  /** A value that the schema accepts; a test holds it to that. */
  readonly example?: unknown;
  /** Of a request that is no JSON: `multipart/form-data`. */
  readonly mediaType?: string;
}

export interface OperationResponse {
  readonly status: 200 | 201 | 204 | 503;
  readonly description: string;
  readonly body?: OperationBody;
  /** Events of `text/event-stream`, when the request asks for a stream. */
  readonly stream?: OperationBody;
  /** The event that ends the stream; absent = `[DONE]`. */
  readonly lastEvent?: string;
  /** A body that is not JSON, such as `text/plain`. */
  readonly mediaType?: string;
}

/** One public route: the only description of it. The document at /openapi.json and the page at /docs are made from these. */
export interface ApiOperation {
  /** Unique, camelCase: the `operationId`. */
  readonly id: string;
  readonly tag: OperationTag;
  readonly method: HttpMethod;
  /** With `{name}` templates, as OpenAPI writes them. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  /** What the key must be allowed; `any` is every valid key, `none` no key at all. */
  readonly permission: Permission | "any" | "none";
  /** Below `/api/v1`: answered by the gateway itself, not by the control API. */
  readonly servedBy?: "gateway";
  /** Query parameters; the path's are read off `path`. */
  readonly query?: z.ZodObject;
  readonly request?: OperationBody;
  readonly responses: readonly OperationResponse[];
  /** Beyond those that every route of its dialect can give. */
  readonly errors?: readonly ErrorCode[];
}

/** What each `{parameter}` of a path is. */
export const pathParameters: Readonly<Record<string, string>> = {
  name: "The name: of a prompt, a model, a provider or a budget, by the path. URL-encode a `/` in it.",
  version: "A version: its number (`3`), its hash (64 hex digits), or a label (`production`).",
  label: "A label, such as `production`.",
  id: "The id, with its prefix.",
};

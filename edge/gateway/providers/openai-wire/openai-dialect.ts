import type { JsonObject, JsonValue, Provider, Surface } from "@millrace/core/contract";
import type { ModelCall } from "../../exchange/model-call.ts";
import type { FileBatches } from "./batch-dialect.ts";
import type { Edits } from "./edit-members.ts";

/** Says that a value asks for something that the kind cannot do. */
export type Impossible = (value: JsonValue) => boolean;

/** How one kind wants the fields of a request. What is not named here goes as it came. */
export interface FieldRules {
  /**
   * Fields that the kind cannot honour: `unsupported-parameter`, except for null and for the listed values, which ask for nothing and are taken
   * out. A function instead of the list: refused where it says so, sent as it is otherwise.
   */
  readonly refused?: Readonly<Record<string, readonly JsonValue[] | Impossible>>;
  /** Another name for the same thing. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** What the vendor does unasked, or what Millrace does itself (`user`, the form of vectors), and the vendor may reject: leaving it out changes nothing. */
  readonly implied?: readonly string[];
  /** The same rule as `refused`, for fields of a message. */
  readonly refusedInMessages?: Readonly<Record<string, readonly JsonValue[]>>;
  /** Types of content parts that no model of the kind takes. */
  readonly refusedParts?: ReadonlySet<string>;
  /** The vendor has no `developer` role; OpenAI's own definition of it is the system message under a new name. */
  readonly developerAsSystem?: boolean;
  /** The rest: new values of members, undefined takes one out. Sees the request as the caller sent it. */
  readonly edit?: (call: ModelCall) => Edits;
}

/** How one kind of provider differs from OpenAI's API. Everything is optional: what is absent is as OpenAI has it. */
export interface OpenAiDialect {
  /** Takes the server's error codes for ours: only our own runner speaks them. */
  readonly trustCodes?: boolean;
  /** Path after the base URL for each surface; null = the vendor does not have it. */
  readonly paths?: Readonly<Partial<Record<Surface, string | null>>>;
  /** The whole address, where it is more than base URL and path. */
  readonly address?: (call: ModelCall, base: string) => string;
  /** How the secret travels; absent = `authorization: Bearer`. */
  readonly authorize?: (secret: string) => Readonly<Record<string, string>>;
  /** Further headers that the provider's settings ask for. */
  readonly headers?: (settings: NonNullable<Provider["settings"]>) => Readonly<Record<string, string>>;
  readonly rules?: Readonly<Partial<Record<Surface, FieldRules>>>;
  /** The answer to a request that ends with an assistant turn repeats that turn first; it is taken off. */
  readonly repeatsPrefill?: boolean;
  /** Texts that one call of `/embeddings` may hold; more are sent in several calls. Absent = OpenAI's 2,048. */
  readonly maxEmbeddingInputs?: number;
  /** Its batch API; absent = it has none. */
  readonly batches?: FileBatches;
  /** The base of its batch API, where that is not the base URL; undefined = there is none. */
  readonly batchBase?: (provider: Provider, base: string) => string | undefined;
  /** `/embeddings` and `/completions` take lists of tokens in place of texts. */
  readonly takesTokens?: boolean;
}

/** The text of the assistant turn that a chat ends with: what a continuing model goes on from. */
export function prefillOf(fields: Readonly<JsonObject>): string | undefined {
  const { messages } = fields;
  const last = Array.isArray(messages) ? messages.at(-1) : undefined;
  if (typeof last !== "object" || last === null || Array.isArray(last) || last["role"] !== "assistant")
    return undefined;
  const { content } = last;
  return typeof content === "string" && content !== "" && last["tool_calls"] === undefined ? content : undefined;
}

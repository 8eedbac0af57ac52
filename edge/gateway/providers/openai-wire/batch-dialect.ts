import type { JsonObject, Surface } from "@millrace/core/contract";
import { asFields, type Fields } from "../../json/vendor-json.ts";
import type { BatchOrder } from "../batch-api.ts";

/** How a batch API of files and jobs differs between kinds. */
export interface FileBatches {
  readonly surfaces: ReadonlySet<Surface>;
  /** Of a request besides its `custom_id` and `body`. */
  readonly head: (endpoint: string) => JsonObject;
  /** The job names the model, and its requests do not. */
  readonly modelInOrder?: boolean;
  /** How files of requests are sent. */
  readonly upload: { readonly path: string; readonly fields: (name: string) => Readonly<Record<string, string>> };
  /** Where jobs are made and looked at. */
  readonly jobs: string;
  /** The newest hundred of them. */
  readonly list: string;
  readonly order: (order: BatchOrder, inputId: string) => JsonObject;
  /** The job of an answer. */
  readonly jobOf: (answer: unknown) => Fields | undefined;
  readonly over: ReadonlySet<string>;
  /** The members of a job that name files of results. */
  readonly results: readonly string[];
  /** Whether a job is this order's. */
  readonly isOf: (job: Fields, order: BatchOrder, inputId: string) => boolean;
}

/** OpenAI's own. https://platform.openai.com/docs/api-reference/batch */
export const openAiBatches: FileBatches = {
  surfaces: new Set(["chat", "completions", "embeddings"]),
  head: (endpoint) => ({ method: "POST", url: endpoint }),
  upload: { path: "/files", fields: () => ({ purpose: "batch" }) },
  jobs: "/batches",
  list: "/batches?limit=100",
  order: ({ endpoint }, inputId) => ({ input_file_id: inputId, endpoint, completion_window: "24h" }),
  jobOf: asFields,
  over: new Set(["completed", "failed", "expired", "cancelled"]),
  results: ["output_file_id", "error_file_id"],
  isOf: (job, _, inputId) => job["input_file_id"] === inputId,
};

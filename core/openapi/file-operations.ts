import {
  batchListSchema,
  batchQuerySchema,
  batchRequestSchema,
  batchSchema,
  deletedFileSchema,
  type ErrorCode,
  fileListSchema,
  fileObjectSchema,
  fileQuerySchema,
  fileUploadSchema,
  MAX_BATCH_LINES,
  MAX_FILE_BYTES,
} from "../contract/index.ts";
import { bodyErrors } from "./inference-errors.ts";
import type { ApiOperation } from "./operation.ts";

const stateErrors: readonly ErrorCode[] = ["unknown-resource", "state-unavailable", "config-unavailable"];
const shared = { tag: "Files and batches", permission: "inference" } as const;
const batchResponse = { status: 200, description: "The batch as it stands.", body: { schema: batchSchema } } as const;

/** Files of an environment, and what is done with files of requests. */
export const fileOperations: readonly ApiOperation[] = [
  {
    ...shared,
    id: "uploadFile",
    method: "post",
    path: "/v1/files",
    summary: "Upload a file",
    description: `At most ${MAX_FILE_BYTES} bytes. It belongs to the key's environment, and is kept until it is deleted or \`expires_after\`.`,
    request: { schema: fileUploadSchema, mediaType: "multipart/form-data" },
    responses: [{ status: 200, description: "The file.", body: { schema: fileObjectSchema } }],
    errors: ["invalid-request", "form-expected", "body-too-large", "state-unavailable", "config-unavailable"],
  },
  {
    ...shared,
    id: "listFiles",
    method: "get",
    path: "/v1/files",
    summary: "List files",
    query: fileQuerySchema,
    responses: [{ status: 200, description: "A page of files.", body: { schema: fileListSchema } }],
    errors: ["invalid-request", ...stateErrors],
  },
  {
    ...shared,
    id: "getFile",
    method: "get",
    path: "/v1/files/{id}",
    summary: "Describe a file",
    responses: [{ status: 200, description: "The file.", body: { schema: fileObjectSchema } }],
    errors: stateErrors,
  },
  {
    ...shared,
    id: "deleteFile",
    method: "delete",
    path: "/v1/files/{id}",
    summary: "Delete a file",
    responses: [{ status: 200, description: "It is gone.", body: { schema: deletedFileSchema } }],
    errors: stateErrors,
  },
  {
    ...shared,
    id: "getFileContent",
    method: "get",
    path: "/v1/files/{id}/content",
    summary: "Download a file",
    responses: [{ status: 200, description: "The bytes as they were sent.", mediaType: "application/octet-stream" }],
    errors: stateErrors,
  },
  {
    ...shared,
    id: "createBatch",
    method: "post",
    path: "/v1/batches",
    summary: "Answer a file of requests",
    description:
      `A JSONL file of purpose \`batch\` with at most ${MAX_BATCH_LINES} lines: \`custom_id\`, \`method\`, \`url\`, \`body\`. It is checked as a whole first (\`errors\` names the lines), ` +
      "then every line is asked under the key that made the batch, within 24 hours. Answers are in `output_file_id`, refusals and lines that were never asked in `error_file_id`. " +
      "A batch of one model whose first target has a batch API of its own is handed to it, at its batch price.",
    request: {
      schema: batchRequestSchema,
      example: {
        input_file_id: "file_0192f0c1d2e37a4b8c9d0e1f2a3b4c5d",
        endpoint: "/v1/chat/completions",
        completion_window: "24h",
      },
    },
    responses: [batchResponse],
    errors: [...bodyErrors, ...stateErrors],
  },
  {
    ...shared,
    id: "listBatches",
    method: "get",
    path: "/v1/batches",
    summary: "List batches",
    query: batchQuerySchema,
    responses: [
      { status: 200, description: "A page of batches, the newest first.", body: { schema: batchListSchema } },
    ],
    errors: ["invalid-request", ...stateErrors],
  },
  {
    ...shared,
    id: "getBatch",
    method: "get",
    path: "/v1/batches/{id}",
    summary: "Describe a batch",
    responses: [batchResponse],
    errors: stateErrors,
  },
  {
    ...shared,
    id: "cancelBatch",
    method: "post",
    path: "/v1/batches/{id}/cancel",
    summary: "Cancel a batch",
    description: "What is under way is finished; the rest is in the file of errors as `batch_cancelled`.",
    responses: [batchResponse],
    errors: ["already-over", ...stateErrors],
  },
];

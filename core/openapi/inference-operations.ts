import {
  chatCompletionChunkSchema,
  chatCompletionSchema,
  chatRequestSchema,
  completionRequestSchema,
  completionSchema,
  embeddingRequestSchema,
  embeddingResponseSchema,
  modelListSchema,
  wireModelSchema,
} from "../contract/index.ts";
import { chatChunkExample, chatCompletionExample, chatRequestExample, modelExample } from "./examples.ts";
import { bodyErrors, promptErrors, targetErrors } from "./inference-errors.ts";
import type { ApiOperation } from "./operation.ts";

/** The OpenAI-compatible routes of the gateway. */
export const inferenceOperations: readonly ApiOperation[] = [
  {
    id: "createChatCompletion",
    tag: "Inference",
    method: "post",
    path: "/v1/chat/completions",
    summary: "Answer a conversation",
    description:
      "`model` is a model's name, or a named prompt: `prompt:<name>`, `prompt:<name>@<label>`, `prompt:<name>@<number>`. A call without `@…` follows the label `production`. " +
      "With a named prompt, `prompt.variables` fills its template and `messages` goes to its input.\n\n" +
      "With `stream: true` the answer is `text/event-stream`: one `data: <chunk>` per event and `data: [DONE]` at the end; `stream_options.include_usage` adds a last chunk with the usage. " +
      'An error in mid-stream is an event `data: {"error":{…}}` in the envelope of this page.\n\n' +
      "Every answer carries `x-millrace-trace` (the trace id), `x-millrace-prompt` (name, version and label), `x-millrace-resolved` (a hash of everything that shaped the answer), `x-millrace-tier`, `x-millrace-cache`, `x-millrace-cost-usd-micros` (of answers in one piece, where it is known) and `server-timing`.",
    permission: "inference",
    request: { schema: chatRequestSchema, example: chatRequestExample },
    responses: [
      {
        status: 200,
        description: "The answer, whole or as a stream of events.",
        body: { schema: chatCompletionSchema, example: chatCompletionExample },
        stream: { schema: chatCompletionChunkSchema, example: chatChunkExample },
      },
    ],
    errors: [...bodyErrors, ...promptErrors, ...targetErrors],
  },
  {
    id: "createCompletion",
    tag: "Inference",
    method: "post",
    path: "/v1/completions",
    summary: "Continue a text",
    description: "OpenAI's older text completions, for models that serve them.",
    permission: "inference",
    request: {
      schema: completionRequestSchema,
      example: { model: "millrace-support", prompt: "Dear customer,", max_tokens: 40 },
    },
    responses: [
      {
        status: 200,
        description: "The text, whole or as a stream of events.",
        body: { schema: completionSchema },
        stream: { schema: completionSchema },
      },
    ],
    errors: [...bodyErrors, ...targetErrors],
  },
  {
    id: "createEmbedding",
    tag: "Inference",
    method: "post",
    path: "/v1/embeddings",
    summary: "Turn text into vectors",
    permission: "inference",
    request: {
      schema: embeddingRequestSchema,
      example: { model: "millrace-support", input: ["Where is my order?"] },
    },
    responses: [{ status: 200, description: "One vector for each input.", body: { schema: embeddingResponseSchema } }],
    errors: [...bodyErrors, ...targetErrors],
  },
  {
    id: "listCallableModels",
    tag: "Inference",
    method: "get",
    path: "/v1/models",
    summary: "List callable models",
    description:
      "Models and named prompts (as `prompt:<name>`) of the key's environment. A request with `anthropic-version` gets Anthropic's form of it, by pages.",
    permission: "inference",
    responses: [
      {
        status: 200,
        description: "The list, in OpenAI's form.",
        body: { schema: modelListSchema, example: { object: "list", data: [modelExample] } },
      },
    ],
    errors: ["config-unavailable"],
  },
  {
    id: "readCallableModel",
    tag: "Inference",
    method: "get",
    path: "/v1/models/{id}",
    summary: "Read a callable model",
    permission: "inference",
    responses: [
      {
        status: 200,
        description: "The model, or the named prompt, in OpenAI's form.",
        body: { schema: wireModelSchema, example: modelExample },
      },
    ],
    errors: ["unknown-model", "unknown-prompt", "config-unavailable"],
  },
];

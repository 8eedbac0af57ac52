import {
  countTokensRequestSchema,
  countTokensResponseSchema,
  deletedResponseSchema,
  type ErrorCode,
  messageEventSchema,
  messageSchema,
  messagesRequestSchema,
  responseEventSchema,
  responseItemListSchema,
  responseItemQuerySchema,
  responseSchema,
  responsesRequestSchema,
} from "../contract/index.ts";
import { bodyErrors, promptErrors, targetErrors } from "./inference-errors.ts";
import type { ApiOperation } from "./operation.ts";

const messagesExample = {
  model: "millrace-support",
  max_tokens: 256,
  messages: [{ role: "user", content: "Where is my order?" }],
};
const stateErrors: readonly ErrorCode[] = ["unknown-resource", "state-unavailable", "config-unavailable"];

const messagesOperations: readonly ApiOperation[] = [
  {
    id: "createMessage",
    tag: "Inference",
    method: "post",
    path: "/v1/messages",
    summary: "Answer a conversation, in Anthropic's words",
    description:
      "Anthropic's Messages API in front of every model that serves chat, and of named prompts (`prompt:<name>`, with `prompt.variables`). The key may come as `x-api-key`. " +
      "A target of the kind `anthropic` gets the caller's own body and betas; any other gets its translation. " +
      "What only Anthropic's own API can do (its server tools, files, containers) is refused by name where no such target can answer; `cache_control`, `thinking`, `service_tier` and `context_management` mean nothing to other targets.",
    permission: "inference",
    request: { schema: messagesRequestSchema, example: messagesExample },
    responses: [
      {
        status: 200,
        description:
          "The message, whole or as a stream of events. A stream that broke ends with an event `error` and never with `message_stop`.",
        body: { schema: messageSchema },
        stream: { schema: messageEventSchema },
        lastEvent: '{"type":"message_stop"}',
      },
    ],
    errors: [...bodyErrors, ...promptErrors, ...targetErrors],
  },
  {
    id: "countMessageTokens",
    tag: "Inference",
    method: "post",
    path: "/v1/messages/count_tokens",
    summary: "Count the tokens of a request",
    description:
      "How long a request is, without an answer. `x-millrace-token-count` says who counted: `provider` (the first target), `tokenizer` (a published vocabulary of its model), or `estimated` from the length of the text.",
    permission: "inference",
    request: {
      schema: countTokensRequestSchema,
      example: { model: messagesExample.model, messages: messagesExample.messages },
    },
    responses: [
      {
        status: 200,
        description: "The count.",
        body: { schema: countTokensResponseSchema, example: { input_tokens: 14 } },
      },
    ],
    errors: [...bodyErrors, ...promptErrors, ...targetErrors],
  },
];

/** Other clients' ways to ask for a chat. */
export const dialectOperations: readonly ApiOperation[] = [
  ...messagesOperations,
  {
    id: "createResponse",
    tag: "Inference",
    method: "post",
    path: "/v1/responses",
    summary: "Answer a conversation, in the words of OpenAI's responses",
    description:
      'OpenAI\'s Responses API in front of every model that serves chat, and of named prompts (`model: "prompt:<name>"`, or `prompt.id`, with `prompt.variables`). ' +
      "A response is kept for thirty days unless `store` is false; it can be asked for and gone on from (`previous_response_id`, items by reference) by keys of the same environment once its last event was sent. A response that could not be kept says `store: false`. " +
      'Functions are the only tools. `background`, `conversation`, files by id and tools that the provider would run are refused by name. `truncation: "auto"` drops the oldest items, for models whose targets have `context_tokens`.',
    permission: "inference",
    request: {
      schema: responsesRequestSchema,
      example: { model: "millrace-support", input: "Where is my order?" },
    },
    responses: [
      {
        status: 200,
        description:
          "The response, whole or as a stream of typed events. A stream that broke ends with `response.failed`.",
        body: { schema: responseSchema },
        stream: { schema: responseEventSchema },
        lastEvent: '{"type":"response.completed", …}',
      },
    ],
    errors: [...bodyErrors, ...promptErrors, ...targetErrors, "unknown-resource", "state-unavailable"],
  },
  {
    id: "getResponse",
    tag: "Inference",
    method: "get",
    path: "/v1/responses/{id}",
    summary: "Read a response",
    permission: "inference",
    responses: [{ status: 200, description: "The response as it ended.", body: { schema: responseSchema } }],
    errors: ["unsupported-parameter", ...stateErrors],
  },
  {
    id: "deleteResponse",
    tag: "Inference",
    method: "delete",
    path: "/v1/responses/{id}",
    summary: "Delete a response",
    permission: "inference",
    responses: [{ status: 200, description: "It is gone.", body: { schema: deletedResponseSchema } }],
    errors: stateErrors,
  },
  {
    id: "cancelResponse",
    tag: "Inference",
    method: "post",
    path: "/v1/responses/{id}/cancel",
    summary: "Cancel a response in the background",
    description:
      "There are none: closing the connection cancels a response. Always refused with `unsupported-parameter`.",
    permission: "inference",
    responses: [],
    errors: ["unsupported-parameter", ...stateErrors],
  },
  {
    id: "listResponseInputItems",
    tag: "Inference",
    method: "get",
    path: "/v1/responses/{id}/input_items",
    summary: "List what a response was made from",
    permission: "inference",
    query: responseItemQuerySchema,
    responses: [
      {
        status: 200,
        description: "Items of all turns, newest first unless `order=asc`.",
        body: { schema: responseItemListSchema },
      },
    ],
    errors: ["invalid-request", ...stateErrors],
  },
];

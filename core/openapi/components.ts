import { z } from "zod";
import * as contract from "../contract/index.ts";

const causes = z
  .array(z.object({ provider: z.string(), model: z.string(), code: z.string(), message: z.string() }))
  .optional();

/** How the account stood that had no room, on `rate-limited` and `budget-exceeded`. */
const limitDetailSchema = z.object({
  budget: z.string(),
  account: z.string(),
  metric: z.enum(["requests", "tokens", "usd_micros"]),
  limit: z.int(),
  spent: z.int(),
  reserved: z.int(),
  asked: z.int(),
  resets_at: z.iso.datetime(),
});

/** The envelope of `/v1/*`: OpenAI's, with what Millrace adds. */
export const openAiErrorSchema = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string(),
    remedy: z.string(),
    retryable: z.boolean(),
    causes,
  }),
});

/** The envelope of `/v1/messages`: Anthropic's, with what Millrace adds. */
export const anthropicErrorSchema = z.object({
  type: z.literal("error"),
  error: z.object({
    type: z.string(),
    message: z.string(),
    code: z.string(),
    param: z.string().nullable(),
    remedy: z.string(),
  }),
  request_id: z.string().nullable(),
});

/** The envelope of `/api/*`: RFC 9457. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  param: z.string().optional(),
  remedy: z.string(),
  retryable: z.boolean(),
  instance: z.string().optional(),
  limit: limitDetailSchema.optional(),
});

/** Name in `components.schemas` → schema. What is named here is referred to by `$ref` wherever it is used, at any depth. */
export const componentSchemas: Readonly<Record<string, z.ZodType>> = {
  JsonValue: contract.jsonValueSchema,
  ChatMessage: contract.chatMessageSchema,
  ChatRequest: contract.chatRequestSchema,
  ChatCompletion: contract.chatCompletionSchema,
  ChatCompletionChunk: contract.chatCompletionChunkSchema,
  MessagesRequest: contract.messagesRequestSchema,
  Message: contract.messageSchema,
  CountTokensRequest: contract.countTokensRequestSchema,
  ResponsesRequest: contract.responsesRequestSchema,
  Response: contract.responseSchema,
  ResponseItem: contract.responseItemSchema,
  CompletionRequest: contract.completionRequestSchema,
  Completion: contract.completionSchema,
  EmbeddingRequest: contract.embeddingRequestSchema,
  EmbeddingResponse: contract.embeddingResponseSchema,
  FunctionTool: contract.functionToolSchema,
  ResponseFormat: contract.responseFormatSchema,
  ToolCall: contract.toolCallSchema,
  Logprobs: contract.logprobsSchema,
  Usage: contract.wireUsageSchema,
  CallableModel: contract.wireModelSchema,
  CallableModelList: contract.modelListSchema,
  PromptCall: contract.promptCallSchema,
  PromptContent: contract.promptContentSchema,
  PromptSettings: contract.promptSettingsSchema,
  FewShotExample: contract.fewShotExampleSchema,
  MessageTemplate: contract.messageTemplateSchema,
  PromptVersion: contract.promptVersionSchema,
  PromptSummary: contract.promptSummarySchema,
  PromptList: contract.promptListSchema,
  VersionList: contract.versionListSchema,
  CreatePrompt: contract.createPromptSchema,
  CreateVersion: contract.createVersionSchema,
  ImportPrompt: contract.importPromptSchema,
  PromptChange: contract.promptChangeSchema,
  PromptDiff: contract.promptDiffSchema,
  RenderRequest: contract.renderRequestSchema,
  RenderResponse: contract.renderResponseSchema,
  LabelState: contract.labelStateSchema,
  LabelList: contract.labelListSchema,
  SetLabel: contract.setLabelSchema,
  Rollback: contract.rollbackSchema,
  LabelMove: contract.labelMoveSchema,
  LabelHistory: contract.labelHistorySchema,
  Model: contract.modelSchema,
  PutModel: contract.putModelSchema,
  ModelCatalog: contract.modelCatalogSchema,
  Route: contract.routeSchema,
  Condition: contract.conditionSchema,
  Provider: contract.providerSchema,
  PutProvider: contract.putProviderSchema,
  ProviderCatalog: contract.providerCatalogSchema,
  Budget: contract.budgetSchema,
  PutBudget: contract.putBudgetSchema,
  BudgetList: contract.budgetListSchema,
  BudgetUsage: contract.budgetUsageSchema,
  BudgetUsageList: contract.budgetUsageListSchema,
  KeySummary: contract.keySummarySchema,
  KeyList: contract.keyListSchema,
  CreateKey: contract.createKeySchema,
  CreatedKey: contract.createdKeySchema,
  Permission: contract.permissionSchema,
  Span: contract.spanSchema,
  TraceBodies: contract.traceBodiesSchema,
  TraceList: contract.traceListSchema,
  TraceDetail: contract.traceDetailSchema,
  Liveness: contract.livenessSchema,
  PartHealth: contract.partHealthSchema,
  Readiness: contract.readinessSchema,
  Me: contract.meSchema,
  EnvironmentList: contract.environmentListSchema,
  BundleStatus: contract.bundleStatusSchema,
  DeadLetter: contract.deadLetterSchema,
  DeadLetterList: contract.deadLetterListSchema,
  Replayed: contract.replayedSchema,
  AuditEntry: contract.auditEntrySchema,
  AuditList: contract.auditListSchema,
  AnthropicError: anthropicErrorSchema,
  OpenAiError: openAiErrorSchema,
  Problem: problemSchema,
};

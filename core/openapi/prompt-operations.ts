import { z } from "zod";
import {
  createPromptSchema,
  createVersionSchema,
  importPromptSchema,
  promptDiffSchema,
  promptFormatSchema,
  promptListSchema,
  promptSummarySchema,
  promptVersionSchema,
  renderRequestSchema,
  renderResponseSchema,
  versionListSchema,
  versionSelectorSchema,
} from "../contract/index.ts";
import { createPromptExample, createVersionExample, dotpromptExample } from "./examples.ts";
import type { ApiOperation } from "./operation.ts";

const versionResponse = (status: 200 | 201, description: string) =>
  ({ status, description, body: { schema: promptVersionSchema } }) as const;

/** Prompts and their versions. */
export const promptOperations: readonly ApiOperation[] = [
  {
    id: "listPrompts",
    tag: "Prompts",
    method: "get",
    path: "/api/v1/prompts",
    summary: "List prompts",
    permission: "prompts:read",
    responses: [
      {
        status: 200,
        description: "The prompts, with the labels of the key's environment.",
        body: { schema: promptListSchema },
      },
    ],
  },
  {
    id: "createPrompt",
    tag: "Prompts",
    method: "post",
    path: "/api/v1/prompts",
    summary: "Create a prompt with its first version",
    permission: "prompts:write",
    request: { schema: createPromptSchema, example: createPromptExample },
    responses: [versionResponse(201, "Version 1.")],
    errors: ["already-exists", "invalid-prompt", "template-error", "cyclic-composition"],
  },
  {
    id: "importPrompt",
    tag: "Prompts",
    method: "post",
    path: "/api/v1/prompts/import",
    summary: "Import a prompt file",
    description:
      "A dotprompt (`.prompt`) or Prompty file becomes the next version of the prompt, or the first when there is none. A file whose content is that of the latest version gives the latest version back, with status 200.",
    permission: "prompts:write",
    request: {
      schema: importPromptSchema,
      example: { format: "dotprompt", source: dotpromptExample, name: "support-reply" },
    },
    responses: [versionResponse(201, "The new version."), versionResponse(200, "Nothing changed: the latest version.")],
    errors: ["invalid-prompt", "template-error", "cyclic-composition", "version-conflict"],
  },
  {
    id: "getPrompt",
    tag: "Prompts",
    method: "get",
    path: "/api/v1/prompts/{name}",
    summary: "Look up a prompt",
    permission: "prompts:read",
    responses: [{ status: 200, description: "The prompt.", body: { schema: promptSummarySchema } }],
    errors: ["unknown-prompt"],
  },
  {
    id: "listVersions",
    tag: "Prompts",
    method: "get",
    path: "/api/v1/prompts/{name}/versions",
    summary: "List versions, newest first",
    permission: "prompts:read",
    responses: [{ status: 200, description: "The versions.", body: { schema: versionListSchema } }],
    errors: ["unknown-prompt"],
  },
  {
    id: "createVersion",
    tag: "Prompts",
    method: "post",
    path: "/api/v1/prompts/{name}/versions",
    summary: "Add a version",
    description:
      "Versions are immutable and named by their content: content equal to an earlier version's gives that version back, with status 200. " +
      "`expected_latest` is the latest version that the author saw; when another has come since, the answer is `version-conflict` and nothing is written.",
    permission: "prompts:write",
    request: { schema: createVersionSchema, example: createVersionExample },
    responses: [versionResponse(201, "The new version."), versionResponse(200, "A version with this content exists.")],
    errors: ["unknown-prompt", "version-conflict", "invalid-prompt", "template-error", "cyclic-composition"],
  },
  {
    id: "getVersion",
    tag: "Prompts",
    method: "get",
    path: "/api/v1/prompts/{name}/versions/{version}",
    summary: "Look up a version",
    permission: "prompts:read",
    responses: [versionResponse(200, "The version.")],
    errors: ["unknown-prompt", "unknown-version", "unknown-label", "label-removed"],
  },
  {
    id: "diffVersions",
    tag: "Prompts",
    method: "get",
    path: "/api/v1/prompts/{name}/diff",
    summary: "Compare two versions by meaning",
    description: "Which example, which constraint, which words: not lines of a file.",
    permission: "prompts:read",
    query: z.strictObject({ from: versionSelectorSchema, to: versionSelectorSchema }),
    responses: [
      { status: 200, description: "The changes, in the order of the fields.", body: { schema: promptDiffSchema } },
    ],
    errors: ["unknown-prompt", "unknown-version", "unknown-label", "label-removed"],
  },
  {
    id: "renderPrompt",
    tag: "Prompts",
    method: "post",
    path: "/api/v1/prompts/{name}/render",
    summary: "Render without calling a model",
    permission: "prompts:read",
    request: {
      schema: renderRequestSchema,
      example: {
        version: "production",
        variables: { customer_name: "Ana" },
        messages: [{ role: "user", content: "Where is my order?" }],
      },
    },
    responses: [
      {
        status: 200,
        description: "The chat request that the model would get.",
        body: { schema: renderResponseSchema },
      },
    ],
    errors: [
      "unknown-prompt",
      "unknown-version",
      "unknown-label",
      "label-removed",
      "invalid-variables",
      "template-error",
    ],
  },
  {
    id: "exportVersion",
    tag: "Prompts",
    method: "get",
    path: "/api/v1/prompts/{name}/export",
    summary: "Export a version as a prompt file",
    permission: "prompts:read",
    query: z.strictObject({
      version: versionSelectorSchema.optional(),
      format: promptFormatSchema.default("dotprompt"),
    }),
    responses: [{ status: 200, description: "The file.", mediaType: "text/plain" }],
    errors: ["unknown-prompt", "unknown-version", "unknown-label", "label-removed"],
  },
];

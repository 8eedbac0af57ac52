import {
  createPromptSchema,
  createVersionSchema,
  DEFAULT_LABEL,
  type promptDiffSchema,
  type promptSummarySchema,
  renderRequestSchema,
} from "@millrace/core/contract";
import { diffPrompts, renderPrompt } from "@millrace/core/prompt";
import { z } from "zod";
import { getPrompt, labelNumbers, listPrompts, type LabelNumbers, type PromptRow } from "../stores/prompt-store.ts";
import { listVersions, selectVersion } from "../stores/version-store.ts";
import { type Handlers, ok, param } from "./call.ts";
import { loadClosure, prepareVersion } from "./prepare-version.ts";
import { saveFirstVersion, saveNextVersion, toVersion } from "./save-version.ts";

type PromptSummary = z.output<typeof promptSummarySchema>;

/** Prompts and their versions. */
export const promptHandlers: Handlers = {
  listPrompts: async ({ tenant }) => {
    const [prompts, numbers] = await Promise.all([listPrompts(tenant), labelNumbers(tenant)]);
    return ok({ data: prompts.map((prompt) => toSummary(prompt, numbers)) });
  },

  getPrompt: async (call) => {
    const [prompt, numbers] = await Promise.all([
      getPrompt(call.tenant, param(call, "name")),
      labelNumbers(call.tenant),
    ]);
    return ok(toSummary(prompt, numbers));
  },

  createPrompt: async (call) => {
    const { name, description, content, message } = createPromptSchema.parse(call.body);
    return saveFirstVersion(
      call,
      await prepareVersion(call.tenant, { promptName: name, content, message }),
      description,
    );
  },

  listVersions: async (call) => {
    const prompt = await getPrompt(call.tenant, param(call, "name"));
    return ok({ data: (await listVersions(call.tenant, prompt.id)).map((row) => toVersion(prompt.name, row)) });
  },

  createVersion: async (call) => {
    const { content, message, expected_latest: expectedLatest } = createVersionSchema.parse(call.body);
    const prompt = await getPrompt(call.tenant, param(call, "name"));
    return saveNextVersion(
      call,
      await prepareVersion(call.tenant, { promptName: prompt.name, content, message }),
      expectedLatest,
    );
  },

  getVersion: async (call) => {
    const prompt = await getPrompt(call.tenant, param(call, "name"));
    return ok(toVersion(prompt.name, await selectVersion(call.tenant, prompt, param(call, "version"))));
  },

  diffVersions: async (call) => {
    const query = diffQuerySchema.parse(call.query);
    const prompt = await getPrompt(call.tenant, param(call, "name"));
    const [from, to] = await Promise.all([
      selectVersion(call.tenant, prompt, query.from),
      selectVersion(call.tenant, prompt, query.to),
    ]);
    const changes = [...diffPrompts(from.content, to.content)];
    return ok({ from: from.version, to: to.version, changes } satisfies z.output<typeof promptDiffSchema>);
  },

  renderPrompt: async (call) => {
    const { version: selector = DEFAULT_LABEL, messages: input, ...promptCall } = renderRequestSchema.parse(call.body);
    const prompt = await getPrompt(call.tenant, param(call, "name"));
    const row = await selectVersion(call.tenant, prompt, selector);
    const { includes } = await loadClosure(call.tenant, prompt.name, row.content);
    const { request, resolvedHash } = renderPrompt({ content: row.content, includes, call: promptCall, input });
    return ok({ prompt: prompt.name, version: row.version, hash: row.hash, resolved_hash: resolvedHash, request });
  },
};

const diffQuerySchema = z.object({ from: z.string(), to: z.string() });

function toSummary(prompt: PromptRow, numbers: LabelNumbers): PromptSummary {
  return {
    id: prompt.id,
    name: prompt.name,
    description: prompt.description,
    latest_version: prompt.latestVersion,
    labels: { ...numbers.get(prompt.id) },
    created_at: prompt.createdAt.toISOString(),
  };
}

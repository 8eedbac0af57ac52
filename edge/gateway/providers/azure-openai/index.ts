import type { ModelCall } from "../../exchange/model-call.ts";
import { openAiCapabilities, openAiChatRules } from "../openai/index.ts";
import { openAiPaths } from "../openai-wire/call-openai.ts";
import { openAiAdapter } from "../openai-wire/openai-adapter.ts";
import { openAiBatches } from "../openai-wire/batch-dialect.ts";

/**
 * The v1 API (`/openai/v1`, the deployment is the body's `model`) or, with an `api_version`, the deployment's own URL (Microsoft Learn, "Azure OpenAI
 * REST API"). A `base_url` that ends in `/openai/v1` or `/openai` is understood as well.
 */
function address({ surface, target }: ModelCall, base: string): string {
  const resource = base.replace(/\/openai(?:\/v1)?$/, "");
  const version = target.provider.settings?.["api_version"];
  return version === undefined
    ? `${resource}/openai/v1${openAiPaths[surface]}`
    : `${resource}/openai/deployments/${encodeURIComponent(target.model)}${openAiPaths[surface]}?api-version=${version}`;
}

/** Azure OpenAI. What a deployment can do is read from its name, so deployments are best named after their model. */
export const azureOpenAi = openAiAdapter("azure-openai", openAiCapabilities, {
  address,
  authorize: (secret) => ({ "api-key": secret }),
  rules: { chat: openAiChatRules },
  takesTokens: true,
  batches: openAiBatches,
  batchBase: ({ settings }, base) =>
    settings?.["api_version"] === undefined ? `${base.replace(/\/openai(?:\/v1)?$/, "")}/openai/v1` : undefined,
});

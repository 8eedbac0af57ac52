import { type JsonObject, MillraceError, type Surface } from "@millrace/core/contract";
import type { ServedBundle } from "../../bundles/held-bundle.ts";
import type { Resolution } from "../../exchange/resolution.ts";
import type { JsonBody } from "../../http/read-json-body.ts";
import { chooseTarget } from "./choose-target.ts";
import { digestHex } from "../../crypto/digest-hex.ts";
import { type PromptCache, resolvePrompt } from "./resolve-prompt.ts";
import { upstreamText } from "./upstream-text.ts";
import { validateBody } from "./validate-body.ts";

export interface ResolveDeps {
  readonly prompts: PromptCache;
}

const PROMPT_PREFIX = "prompt:";

function choicesOf(fields: Readonly<JsonObject>): number {
  const { n, prompt } = fields;
  const each = typeof n === "number" ? n : 1;
  return Array.isArray(prompt) ? each * prompt.length : each;
}

function wantsUsage(fields: Readonly<JsonObject>): boolean {
  const options = fields["stream_options"];
  return (
    typeof options === "object" && options !== null && !Array.isArray(options) && options["include_usage"] === true
  );
}

/** Combinations of surface, model and `prompt` that mean nothing. */
function refuseCombinations(surface: Surface, isPrompt: boolean, fields: Readonly<JsonObject>): void {
  if (surface !== "chat") {
    if (!isPrompt) return;
    throw new MillraceError("invalid-request", {
      param: "model",
      message: "A named prompt is called through /v1/chat/completions.",
    });
  }
  if (isPrompt || fields["prompt"] === undefined) return;
  throw new MillraceError("invalid-request", {
    param: "prompt",
    message: '`prompt` goes with `model: "prompt:<name>"`.',
  });
}

/**
 * Stage 2. What the caller asked for becomes what a model gets: a plain model name keeps the caller's request and finds its target; a named
 * prompt is resolved by label or number and rendered with the caller's variables.
 * @throws MillraceError for a request that does not fit, a model, prompt, label or version that is not there, variables that do not fit.
 */
export async function resolve(
  exchange: { readonly surface: Surface; readonly body: JsonBody; readonly config: ServedBundle },
  deps: ResolveDeps,
): Promise<Resolution> {
  const { surface, body, config } = exchange;
  const requested = validateBody(surface, body.fields);
  const isPrompt = requested.startsWith(PROMPT_PREFIX);
  refuseCombinations(surface, isPrompt, body.fields);
  const rendered = isPrompt ? resolvePrompt(config.bundle, body.fields, deps.prompts) : undefined;
  const target = chooseTarget(config.bundle, rendered?.model ?? requested, surface);
  const stream = surface !== "embeddings" && body.fields["stream"] === true;
  const fields: JsonObject = { ...(rendered?.fields ?? body.fields), model: target.model };
  const text = upstreamText({ fields, caller: rendered === undefined ? body : undefined, stream });
  return {
    surface,
    reason: isPrompt ? "prompt" : "model",
    target,
    prompt: rendered?.prompt,
    resolvedHash: rendered?.resolvedHash ?? (await digestHex(`${target.provider.name}\n${text}`)),
    fields,
    text,
    rendered: rendered === undefined ? undefined : fields,
    stream,
    wantsUsage: wantsUsage(body.fields),
    choices: choicesOf(fields),
    cacheTtlSeconds: rendered?.cacheTtlSeconds,
  };
}

import { defaultResilience, type JsonObject, MillraceError, type Surface } from "@millrace/core/contract";
import { requestNeeds } from "@millrace/core/routing";
import { digestHex } from "../../crypto/digest-hex.ts";
import type { Admission } from "../../exchange/admission.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import type { Resolution } from "../../exchange/resolution.ts";
import type { PlannedTarget } from "../../exchange/target.ts";
import type { HealthView } from "../../health/health-view.ts";
import type { JsonBody } from "../../http/read-json-body.ts";
import { conditionFacts } from "./condition-facts.ts";
import { findModel } from "./find-model.ts";
import { planTargets } from "./plan-targets.ts";
import { type PromptCache, resolvePrompt } from "./resolve-prompt.ts";
import { routeHash } from "./route-hash.ts";
import { upstreamText } from "./upstream-text.ts";
import { validateBody } from "./validate-body.ts";

export interface ResolveDeps {
  readonly prompts: PromptCache;
  readonly nowMs: () => number;
  /** Uniform in [0, 1). */
  readonly chance: () => number;
}

/** One request as stage 2 gets it. */
export interface ResolveInput {
  readonly surface: Surface;
  readonly body: JsonBody;
  readonly headers: Headers;
  readonly admission: Admission;
  /** What this isolate knows of the environment's targets. */
  readonly health: HealthView;
}

/** Surfaces whose streams are frames; what media stream passes by as it comes. */
const streams: ReadonlySet<Surface> = new Set(["chat", "completions"]);

const PROMPT_PREFIX = "prompt:";

function choicesOf(fields: Readonly<JsonObject>): number {
  const { n, prompt } = fields;
  if (typeof n === "string") return Number(n);
  const each = typeof n === "number" ? n : 1;
  // A list of numbers is one prompt, as its tokens.
  return Array.isArray(prompt) && typeof prompt[0] !== "number" ? each * prompt.length : each;
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

/** The request as each target gets it. */
function callsOf(asked: Omit<ModelCall, "target" | "text">, caller: JsonBody | undefined) {
  const shared = caller?.form === undefined ? asked : { ...asked, form: caller.form };
  return (target: PlannedTarget): ModelCall => {
    const fields: JsonObject = { ...shared.fields, model: target.model };
    return { ...shared, target, fields, text: upstreamText({ fields, caller, stream: shared.stream }) };
  };
}

/**
 * What the caller asked for becomes what a model gets, and the targets that can answer it in the order in which to try them: a plain model
 * name keeps the caller's request; a named prompt is resolved by label or number and rendered with the caller's variables.
 * @throws MillraceError for a request that does not fit, a model, prompt, label or version that is not there, variables that do not fit, or a
 * request that none of the model's targets can answer.
 */
export async function resolve(input: ResolveInput, deps: ResolveDeps): Promise<Resolution> {
  const { surface, body, admission } = input;
  const { bundle } = admission.config;
  const requested = validateBody(surface, body.fields);
  const isPrompt = requested.startsWith(PROMPT_PREFIX);
  refuseCombinations(surface, isPrompt, body.fields);
  const rendered = isPrompt ? resolvePrompt(bundle, body.fields, deps.prompts) : undefined;
  const model = findModel(bundle, rendered?.model ?? requested, surface);
  const stream = streams.has(surface) && body.fields["stream"] === true;
  const fields: Readonly<JsonObject> = rendered === undefined ? body.fields : { ...rendered.fields, model: model.name };
  const needs = requestNeeds(surface, fields, body.bytes / Math.max(1, body.text.length));
  const { inputTokens } = needs;
  const facts = conditionFacts({ ...input, model: model.name, stream, rendered, inputTokens, nowMs: deps.nowMs() });
  const shared = { surface, fields, stream, wantsUsage: wantsUsage(body.fields), choices: choicesOf(fields) };
  return {
    ...shared,
    ...planTargets({ bundle, model, needs, facts, health: input.health, chance: deps.chance }),
    reason: isPrompt ? "prompt" : "model",
    prompt: rendered?.prompt,
    model: model.name,
    resolvedHash: rendered?.resolvedHash ?? (await digestHex(`${model.name}\n${body.text}`)),
    routeHash: routeHash(bundle, model),
    rendered: rendered === undefined ? undefined : fields,
    inputTokens,
    cacheTtlSeconds: rendered?.cacheTtlSeconds,
    resilience: model.resilience ?? defaultResilience,
    callFor: callsOf(shared, rendered === undefined ? body : undefined),
  };
}

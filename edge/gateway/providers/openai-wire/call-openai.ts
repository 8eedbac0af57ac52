import { isMediaSurface, MillraceError, providerKinds, type Surface } from "@millrace/core/contract";
import { baseUrlOf } from "@millrace/core/provider";
import type { ModelAnswer } from "../../exchange/answer.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import type { CallDeps } from "../provider.ts";
import { applyRules } from "./apply-rules.ts";
import { formFor, mediaAnswer } from "./call-media.ts";
import { callEmbeddings } from "./call-embeddings.ts";
import { classifyFailure, type FailureContext } from "./classify-failure.ts";
import { editMembers } from "./edit-members.ts";
import { type OpenAiDialect, prefillOf } from "./openai-dialect.ts";
import { readStream } from "./read-stream.ts";
import { readText } from "./read-text.ts";
import { readWhole } from "./read-whole.ts";
import { retryAfterOf } from "./retry-after-of.ts";
import { withoutPrefill } from "./without-prefill.ts";

/** Where OpenAI has each surface, after the base URL. */
export const openAiPaths: Readonly<Record<Surface, string>> = {
  chat: "/chat/completions",
  completions: "/completions",
  embeddings: "/embeddings",
  moderations: "/moderations",
  "image-generations": "/images/generations",
  "image-edits": "/images/edits",
  "image-variations": "/images/variations",
  speech: "/audio/speech",
  transcriptions: "/audio/transcriptions",
  translations: "/audio/translations",
};

function address(call: ModelCall, dialect: OpenAiDialect): string {
  const { provider } = call.target;
  const path = dialect.paths?.[call.surface] === undefined ? openAiPaths[call.surface] : dialect.paths[call.surface];
  if (path === null || path === undefined) {
    throw new MillraceError("unsupported-parameter", {
      param: "model",
      message: `${providerKinds[provider.kind].title} does not serve ${call.surface}.`,
    });
  }
  const base = baseUrlOf(provider);
  if (base === undefined)
    throw new MillraceError("upstream-rejected", { message: `The provider ${provider.name} has no base_url.` });
  return dialect.address?.(call, base) ?? base + path;
}

function headersOf(call: ModelCall, secret: string | undefined, dialect: OpenAiDialect): Record<string, string> {
  const { settings } = call.target.provider;
  return {
    // A form names its own boundary.
    ...(call.form === undefined ? { "content-type": "application/json" } : {}),
    accept: isMediaSurface(call.surface) ? "*/*" : call.stream ? "text/event-stream" : "application/json",
    ...(secret === undefined ? {} : (dialect.authorize?.(secret) ?? { authorization: `Bearer ${secret}` })),
    ...(settings === undefined ? {} : dialect.headers?.(settings)),
  };
}

/** The caller's own bytes, unless this kind needs some members changed. */
export function jsonBodyOf(call: ModelCall, dialect: OpenAiDialect): string {
  const rules = dialect.rules?.[call.surface];
  if (rules === undefined) return call.text;
  return editMembers(call.text, applyRules(call, rules, providerKinds[call.target.provider.kind].title));
}

function bodyOf(call: ModelCall, dialect: OpenAiDialect): string | FormData {
  return call.form === undefined ? jsonBodyOf(call, dialect) : formFor(call);
}

async function callOnce(call: ModelCall, deps: CallDeps, dialect: OpenAiDialect): Promise<ModelAnswer> {
  const url = address(call, dialect);
  const body = bodyOf(call, dialect);
  deps.awaiting("headers");
  const response = await deps.fetch(url, { method: "POST", headers: headersOf(call, deps.secret, dialect), body });
  deps.awaiting("first-token");
  const context: FailureContext = {
    secret: deps.secret,
    trustCodes: dialect.trustCodes === true,
    nowMs: Date.now(),
  };
  if (!response.ok) {
    const retryAfter = retryAfterOf(response.headers);
    throw classifyFailure({ status: response.status, retryAfter, body: await readText(response) }, context);
  }
  if (isMediaSurface(call.surface)) return mediaAnswer(response, { surface: call.surface, fields: call.fields });
  const isStream = (response.headers.get("content-type") ?? "").toLowerCase().startsWith("text/event-stream");
  if (!call.stream || !isStream || response.body === null) {
    if (isStream)
      throw new MillraceError("upstream-garbage", {
        message: "The model's server answered with a stream that was not asked for.",
      });
    return readWhole(await readText(response), call.surface, context);
  }
  const rest = readStream(response.body as ReadableStream<Uint8Array>, {
    ...context,
    surface: call.surface,
    wantsUsage: call.wantsUsage,
    choices: call.choices,
    onFrames: () => deps.awaiting("gap"),
    onSign: () => deps.awaiting("first-token"),
  });
  const first = await rest.next();
  if (first === undefined) throw new MillraceError("upstream-truncated");
  return { kind: "stream", first, rest };
}

/** @throws MillraceError `unsupported-parameter` for a prompt of tokens. */
function refuseTokens({ fields, target }: ModelCall): void {
  const { prompt } = fields;
  if (!Array.isArray(prompt) || !prompt.some((item) => typeof item !== "string")) return;
  throw new MillraceError("unsupported-parameter", {
    param: "prompt",
    message: `${providerKinds[target.provider.kind].title} takes prompts as text, not as tokens.`,
  });
}

/** One call of a server that speaks OpenAI's format. Sends the resolved text as it is wherever the dialect lets it, and passes answers on as they came. */
export async function callOpenAi(call: ModelCall, deps: CallDeps, dialect: OpenAiDialect): Promise<ModelAnswer> {
  if (call.surface === "completions" && dialect.takesTokens !== true) refuseTokens(call);
  if (call.surface === "embeddings") return callEmbeddings(call, dialect, (part) => callOnce(part, deps, dialect));
  const answer = await callOnce(call, deps, dialect);
  const prefill = dialect.repeatsPrefill === true && call.surface === "chat" ? prefillOf(call.fields) : undefined;
  return prefill === undefined ? answer : withoutPrefill(answer, prefill);
}

import { MillraceError, type Surface } from "@millrace/core/contract";
import type { ModelAnswer } from "../../exchange/answer.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import { readBounded } from "../../http/read-bounded.ts";
import type { CallDeps } from "../provider.ts";
import { classifyFailure, type FailureContext } from "./classify-failure.ts";
import { readStream } from "./read-stream.ts";
import { readWhole } from "./read-whole.ts";

/** The longest answer that is read as one piece: embeddings of 2,048 inputs fit. */
const MAX_ANSWER_BYTES = 24 * 1024 * 1024;

const paths: Readonly<Record<Surface, string>> = {
  chat: "/chat/completions",
  completions: "/completions",
  embeddings: "/embeddings",
};

export interface OpenAiOptions {
  /** Takes the server's error codes for ours: only our own runner speaks them. */
  readonly trustCodes: boolean;
}

function address(call: ModelCall): string {
  const base = call.target.provider.base_url;
  if (base === undefined) {
    throw new MillraceError("upstream-rejected", {
      message: `The provider ${call.target.provider.name} has no base_url.`,
    });
  }
  return (base.endsWith("/") ? base.slice(0, -1) : base) + paths[call.surface];
}

async function readText(response: Response): Promise<string> {
  const tooLarge = (): MillraceError =>
    new MillraceError("upstream-garbage", { message: "The model's server answered with more than fits in memory." });
  try {
    // The length of a compressed answer says nothing about how much comes out of it.
    const contentLength = response.headers.has("content-encoding") ? null : response.headers.get("content-length");
    return new TextDecoder().decode(
      await readBounded(response, { contentLength, maxBytes: MAX_ANSWER_BYTES, tooLarge }),
    );
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause;
    throw new MillraceError("upstream-truncated", { cause });
  }
}

/** One call of a server that speaks OpenAI's format. Sends the resolved text as it is, and passes answers on as they came. */
export async function callOpenAi(call: ModelCall, deps: CallDeps, options: OpenAiOptions): Promise<ModelAnswer> {
  deps.awaiting("headers");
  const response = await deps.fetch(address(call), {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: call.stream ? "text/event-stream" : "application/json",
      ...(deps.secret === undefined ? {} : { authorization: `Bearer ${deps.secret}` }),
    },
    body: call.text,
  });
  deps.awaiting("first-token");
  const context: FailureContext = { secret: deps.secret, trustCodes: options.trustCodes, nowMs: Date.now() };
  if (!response.ok) {
    const retryAfter = response.headers.get("retry-after") ?? undefined;
    throw classifyFailure({ status: response.status, retryAfter, body: await readText(response) }, context);
  }
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
    wantsUsage: call.wantsUsage,
    choices: call.choices,
    onFrames: () => deps.awaiting("gap"),
  });
  const first = await rest.next();
  if (first === undefined) throw new MillraceError("upstream-truncated");
  return { kind: "stream", first, rest };
}

import { MillraceError } from "@millrace/core/contract";
import { type FailureContext, type UpstreamFailure, withoutSecret } from "../openai-wire/classify-failure.ts";
import { readText } from "../openai-wire/read-text.ts";
import { retryAfterOf } from "../openai-wire/retry-after-of.ts";
import type { CallDeps } from "../provider.ts";

export interface NativePost {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The content type of the stream that is asked for; absent = an answer in one piece. */
  readonly streamType?: string;
  /** What an answer outside 2xx means. */
  readonly mapFailure: (failure: UpstreamFailure, context: FailureContext) => MillraceError;
}

/** How errors of this call are told. */
export function failureContext(secret: string | undefined): FailureContext {
  return { secret, trustCodes: false, nowMs: Date.now() };
}

/** A 2xx answer. @throws MillraceError for any other. */
export async function postNative(request: NativePost, deps: CallDeps): Promise<Response> {
  deps.awaiting("headers");
  const response = await deps.fetch(request.url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: request.streamType ?? "application/json",
      ...request.headers,
    },
    body: request.body,
  });
  deps.awaiting("first-token");
  if (response.ok) return response;
  const failure = {
    status: response.status,
    retryAfter: retryAfterOf(response.headers),
    body: await readText(response),
  };
  throw request.mapFailure(failure, failureContext(deps.secret));
}

export interface NativeText {
  readonly text: string;
  readonly headers: Headers;
}

/** The text of a whole answer, without our secret. */
export async function postForText(request: NativePost, deps: CallDeps): Promise<NativeText> {
  const response = await postNative(request, deps);
  return { text: withoutSecret(await readText(response), deps.secret), headers: response.headers };
}

export interface NativeStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly headers: Headers;
}

/** The body of a streamed answer. @throws MillraceError when the server answers 200 with something else, which is at best an error. */
export async function postForStream(
  request: NativePost & { readonly streamType: string },
  deps: CallDeps,
): Promise<NativeStream> {
  const response = await postNative(request, deps);
  const type = (response.headers.get("content-type") ?? "").toLowerCase();
  if (type.startsWith(request.streamType) && response.body !== null) {
    return { body: response.body as ReadableStream<Uint8Array>, headers: response.headers };
  }
  const body = await readText(response);
  const looksLikeError = /^\s*[[{]/.test(body) && /"(?:error|message)"/.test(body.slice(0, 2000));
  if (looksLikeError)
    throw request.mapFailure({ status: 500, retryAfter: undefined, body }, failureContext(deps.secret));
  throw garbage("something that is not a stream of events");
}

/** An answer that is none. */
export function garbage(what: string): MillraceError {
  return new MillraceError("upstream-garbage", { message: `The model's server answered with ${what}.` });
}

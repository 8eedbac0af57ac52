import { MillraceError } from "@millrace/core/contract";
import type { ModelCall } from "../../exchange/model-call.ts";
import { addressOf } from "../native-wire/address-of.ts";
import type { NativePost } from "../native-wire/post-native.ts";
import type { CallDeps } from "../provider.ts";
import { authenticate, parseIdentity, seenOf } from "./authenticate.ts";
import { mapFailure } from "./map-failure.ts";

export interface SignedCall {
  readonly post: NativePost;
  /** The same world, in which what the service sees of the identity must not be told. */
  readonly deps: CallDeps;
}

/** A call of one operation of a model (`converse`, `converse-stream`, `invoke`), signed for its region. */
export async function signedCall(
  call: ModelCall,
  request: { readonly operation: string; readonly body: object },
  deps: CallDeps,
): Promise<SignedCall> {
  const { provider, model } = call.target;
  const region = provider.settings?.["region"];
  if (region === undefined) {
    const message = `The provider ${provider.name} names no region: set \`region\` in its settings.`;
    throw new MillraceError("upstream-rejected", { message });
  }
  const identity = parseIdentity(deps.secret);
  const url = `${addressOf(provider)}/model/${encodeURIComponent(model)}/${request.operation}`;
  const body = JSON.stringify(request.body);
  const headers = await authenticate(identity, { url, body, region, nowMs: Date.now() });
  return { post: { url, headers, body, mapFailure }, deps: { ...deps, secret: seenOf(identity) } };
}

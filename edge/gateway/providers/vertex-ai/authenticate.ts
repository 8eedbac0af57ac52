import { isMillraceError } from "@millrace/core/contract";
import type { ModelCall } from "../../exchange/model-call.ts";
import type { GeminiAccess } from "../gemini/call-gemini.ts";
import type { CallDeps } from "../provider.ts";
import { fetchToken } from "./fetch-token.ts";
import { parseCredentials } from "./parse-credentials.ts";
import { resourceOf } from "./resource-of.ts";
import { TokenCache } from "./token-cache.ts";

const tokens = new TokenCache();

export interface VertexAccess {
  readonly access: GeminiAccess;
  /** The same world, in which the token is what must not be told. */
  readonly deps: CallDeps;
}

/** Does `work` with an access token of the provider's account: one that is held already, else a new one, which waits as the call's headers do. */
export async function withAccess<T>(
  call: ModelCall,
  deps: CallDeps,
  work: (vertex: VertexAccess) => Promise<T>,
): Promise<T> {
  const nowMs = Date.now();
  const credentials = parseCredentials(deps.secret);
  const project = credentials.type === "service_account" ? credentials.project : undefined;
  const resource = resourceOf(call.target.provider, call.target.model, project);
  const key = await tokens.keyOf(deps.secret ?? "");
  let held = tokens.get(key, nowMs);
  if (held === undefined) {
    deps.awaiting("headers");
    held = await fetchToken(credentials, { fetch: deps.fetch, nowMs });
    tokens.set(key, held);
  }
  const { token } = held;
  try {
    return await work({
      access: { resource, headers: { authorization: `Bearer ${token}` } },
      deps: { ...deps, secret: token },
    });
  } catch (error) {
    if (isMillraceError(error) && error.code === "upstream-unauthorized") tokens.drop(key);
    throw error;
  }
}

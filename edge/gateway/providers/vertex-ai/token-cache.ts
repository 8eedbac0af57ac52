import { BoundedMap } from "../../memory/bounded-map.ts";
import { toBase64Url } from "../native-wire/base64.ts";

export interface AccessToken {
  readonly token: string;
  readonly expiresAtMs: number;
}

/** A token is left this long before its end: a call that starts with it must still be let in. */
const MARGIN_MS = 60_000;
/** Accounts whose tokens an isolate keeps; each is some 2 KB. */
const MAX_TOKENS = 256;

/**
 * Access tokens of this isolate, by the account's secret. Only finished tokens are shared: on Workers a request may not wait for the
 * network of another one, so calls that miss at the same time fetch one each.
 */
export class TokenCache {
  readonly #tokens = new BoundedMap<string, AccessToken>(MAX_TOKENS);

  /** The key of a secret: its digest, so that the secret itself is not kept. */
  async keyOf(secret: string): Promise<string> {
    return toBase64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret))));
  }

  get(key: string, nowMs: number): AccessToken | undefined {
    const found = this.#tokens.get(key);
    return found !== undefined && nowMs < found.expiresAtMs - MARGIN_MS ? found : undefined;
  }

  set(key: string, token: AccessToken): void {
    this.#tokens.set(key, token);
  }

  /** For a token that was refused before its end. */
  drop(key: string): void {
    this.#tokens.delete(key);
  }
}

import { toHex } from "@millrace/core/contract";
import { assertPublicUrl } from "@millrace/core/net";
import type { AlertDelivery } from "./alert-desk.ts";

/** A receiver that takes longer is tried again later. Milliseconds. */
const DELIVERY_LIMIT_MS = 10_000;

export interface DeliverDeps {
  readonly fetch: typeof fetch;
  readonly nowMs: () => number;
  readonly allowedPrivateHosts: readonly string[];
  /** The value of a project's secret, or undefined when the operator has not set it. */
  readonly secret: (projectSlug: string, name: string) => string | undefined;
}

async function signature(secret: string, text: string): Promise<string> {
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
  ]);
  return toHex(new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(text))));
}

/**
 * POSTs one alert: only to an address that is public or allowed by name, without following a redirect. Signed, where a secret is named, as
 * `x-millrace-signature: t=<seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`.
 * @throws Error when it was not taken; nothing in it holds the secret.
 */
export async function deliverAlert(alert: AlertDelivery, deps: DeliverDeps): Promise<void> {
  assertPublicUrl(alert.url, deps.allowedPrivateHosts);
  const headers: Record<string, string> = { "content-type": "application/json", "x-millrace-delivery": alert.id };
  if (alert.secret !== undefined) {
    const secret = deps.secret(alert.projectSlug, alert.secret);
    if (secret === undefined) throw new Error(`the secret ${alert.secret} is not set`);
    const seconds = Math.floor(deps.nowMs() / 1000);
    headers["x-millrace-signature"] = `t=${seconds},v1=${await signature(secret, `${seconds}.${alert.body}`)}`;
  }
  const response = await deps.fetch(alert.url, {
    method: "POST",
    headers,
    body: alert.body,
    redirect: "manual",
    signal: AbortSignal.timeout(DELIVERY_LIMIT_MS),
  });
  await response.body?.cancel();
  if (response.status < 200 || response.status >= 300) throw new Error(`the webhook answered ${response.status}`);
}

import { environmentOfKey, MillraceError, type Permission } from "@millrace/core/contract";
import { sha256Hex } from "@millrace/core/content";
import type { BundleStore, KeepAlive } from "../../bundles/bundle-store.ts";
import { type Admission, admissionOf, isExpired } from "../../exchange/admission.ts";

export interface AuthenticateDeps {
  readonly bundles: Pick<BundleStore, "read">;
  readonly nowMs: () => number;
}

const BEARER = /^Bearer +(\S+) *$/i;

/** `authorization: Bearer …`, or `x-api-key`, where Anthropic's clients put it. */
function keyOf(headers: Headers): string | undefined {
  const given = BEARER.exec(headers.get("authorization") ?? "")?.[1] ?? headers.get("x-api-key")?.trim();
  return given === "" ? undefined : given;
}

/**
 * The key names its environment; the environment's bundle holds the SHA-256 of every key that is valid there. A wrong, revoked,
 * expired or foreign key gets one and the same answer, so that nothing can be learned from it. The key itself is kept nowhere: hashing
 * its 80 bytes costs microseconds, and an isolate's memory is no place for secrets.
 * @throws MillraceError `missing-key`, `invalid-key`, `config-unavailable`.
 */
export async function authenticate(request: Request, keepAlive: KeepAlive, deps: AuthenticateDeps): Promise<Admission> {
  const key = keyOf(request.headers);
  if (key === undefined) throw new MillraceError("missing-key");
  const environmentId = environmentOfKey(key);
  const config = environmentId === undefined ? undefined : await deps.bundles.read(environmentId, keepAlive);
  if (config === undefined) throw new MillraceError("invalid-key");
  const { bundle } = config;
  const hash = sha256Hex(key);
  const entry = Object.hasOwn(bundle.keys, hash) ? bundle.keys[hash] : undefined;
  if (entry === undefined || isExpired(entry, deps.nowMs())) throw new MillraceError("invalid-key");
  return admissionOf(config, entry);
}

/** @throws MillraceError `permission-denied` that names the permission. */
export function requirePermission(admission: Admission, permission: Permission): void {
  if (admission.principal.permissions.includes(permission)) return;
  throw new MillraceError("permission-denied", { message: `The key lacks the permission \`${permission}\`.` });
}

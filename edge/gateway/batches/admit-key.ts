import type { BundleStore, KeepAlive } from "../bundles/bundle-store.ts";
import { type Admission, admissionOf, isExpired } from "../exchange/admission.ts";
import type { BatchIdentity } from "./batch-service.ts";

export interface AdmitDeps {
  readonly bundles: Pick<BundleStore, "read">;
  readonly nowMs: () => number;
}

/** What is recorded of a batch after its key is gone: who it was, and the configuration of now. Undefined when its environment is gone as well. */
export async function formerAdmission(
  { environmentId, projectId, keyId }: BatchIdentity,
  keepAlive: KeepAlive,
  deps: AdmitDeps,
): Promise<Admission | undefined> {
  const config = await deps.bundles.read(environmentId, keepAlive);
  if (config === undefined || config.bundle.project.id !== projectId) return undefined;
  return admissionOf(config, { id: keyId, permissions: [] });
}

/**
 * What the key of a batch may do now, by its id: a batch holds no key. Undefined when it was revoked, has expired or may no longer ask models.
 * @throws MillraceError `config-unavailable`.
 */
export async function admitKey(
  { environmentId, projectId, keyId }: BatchIdentity,
  keepAlive: KeepAlive,
  deps: AdmitDeps,
): Promise<Admission | undefined> {
  const config = await deps.bundles.read(environmentId, keepAlive);
  if (config === undefined || config.bundle.project.id !== projectId) return undefined;
  const { bundle } = config;
  const key = Object.values(bundle.keys).find(({ id }) => id === keyId);
  if (key === undefined || !key.permissions.includes("inference")) return undefined;
  return isExpired(key, deps.nowMs()) ? undefined : admissionOf(config, key);
}

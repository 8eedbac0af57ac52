import type { BundleStore, KeepAlive } from "../bundles/bundle-store.ts";
import type { ServedBundle } from "../bundles/held-bundle.ts";
import { type Admission, admissionOf, isExpired } from "../exchange/admission.ts";
import type { BatchIdentity } from "./batch-service.ts";

export interface AdmitDeps {
  readonly bundles: Pick<BundleStore, "read">;
  readonly nowMs: () => number;
}

/** The configuration of now. Undefined when the batch's environment is gone, or is another project's. */
async function configOf(
  { environmentId, projectId }: BatchIdentity,
  keepAlive: KeepAlive,
  deps: AdmitDeps,
): Promise<ServedBundle | undefined> {
  const config = await deps.bundles.read(environmentId, keepAlive);
  return config?.bundle.project.id === projectId ? config : undefined;
}

/** What is recorded of a batch after its key is gone: who it was, and the configuration of now. Undefined when its environment is gone as well. */
export async function formerAdmission(
  identity: BatchIdentity,
  keepAlive: KeepAlive,
  deps: AdmitDeps,
): Promise<Admission | undefined> {
  const config = await configOf(identity, keepAlive, deps);
  return config && admissionOf(config, { id: identity.keyId, permissions: [] });
}

/**
 * What the key of a batch may do now, by its id: a batch holds no key. Undefined when it was revoked, has expired or may no longer ask models.
 * @throws MillraceError `config-unavailable`.
 */
export async function admitKey(
  identity: BatchIdentity,
  keepAlive: KeepAlive,
  deps: AdmitDeps,
): Promise<Admission | undefined> {
  const config = await configOf(identity, keepAlive, deps);
  const key = config && Object.values(config.bundle.keys).find(({ id }) => id === identity.keyId);
  if (config === undefined || key === undefined || !key.permissions.includes("inference")) return undefined;
  return isExpired(key, deps.nowMs()) ? undefined : admissionOf(config, key);
}

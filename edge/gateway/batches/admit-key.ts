import type { BundleStore, KeepAlive } from "../bundles/bundle-store.ts";
import type { ServedBundle } from "../bundles/held-bundle.ts";
import type { Admission } from "../exchange/admission.ts";
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

function admissionOf(
  config: ServedBundle,
  key: { readonly id: string; readonly permissions: Admission["principal"]["permissions"] },
): Admission {
  const { bundle } = config;
  return {
    config,
    principal: {
      projectId: bundle.project.id,
      projectSlug: bundle.project.slug,
      environmentId: bundle.environment.id,
      environment: bundle.environment.name,
      keyId: key.id,
      permissions: key.permissions,
    },
  };
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
  if (key.expires_at !== undefined && Date.parse(key.expires_at) <= deps.nowMs()) return undefined;
  return admissionOf(config, key);
}

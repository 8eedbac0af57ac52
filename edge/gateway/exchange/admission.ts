import type { Bundle, Principal } from "@millrace/core/contract";
import type { ServedBundle } from "../bundles/held-bundle.ts";

type Key = Bundle["keys"][string];

/** What authenticate decides: who calls, and under which configuration the whole exchange is answered. */
export interface Admission {
  readonly principal: Principal;
  readonly config: ServedBundle;
}

/** Who a key stands for, under this configuration. */
export function admissionOf(config: ServedBundle, key: Pick<Key, "id" | "permissions">): Admission {
  const { project, environment } = config.bundle;
  return {
    config,
    principal: {
      projectId: project.id,
      projectSlug: project.slug,
      environmentId: environment.id,
      environment: environment.name,
      keyId: key.id,
      permissions: key.permissions,
    },
  };
}

export function isExpired({ expires_at: expiresAt }: Pick<Key, "expires_at">, nowMs: number): boolean {
  return expiresAt !== undefined && Date.parse(expiresAt) <= nowMs;
}

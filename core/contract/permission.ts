import { z } from "zod";

/** What a key may do. `inference` is all that an application needs. */
export const permissionSchema = z.enum([
  "inference",
  "prompts:read",
  "prompts:write",
  "labels:write",
  "labels:protected",
  "models:read",
  "models:write",
  "budgets:read",
  "budgets:write",
  "prices:read",
  "prices:write",
  "keys:read",
  "keys:write",
  "traces:read",
  "cache:write",
  "operations",
]);
export type Permission = z.infer<typeof permissionSchema>;

/** Who is calling, as the gateway's first stage established it; the only identity that anything behind it believes. */
export interface Principal {
  readonly projectId: string;
  readonly projectSlug: string;
  readonly environmentId: string;
  readonly environment: string;
  readonly keyId: string;
  readonly permissions: readonly Permission[];
}

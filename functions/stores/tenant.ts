import type { Principal } from "@millrace/core/contract";
import type { Database } from "../database.ts";

/** What every query takes: the database and whose rows it may see. There is no query without it. */
export interface Tenant {
  readonly db: Database;
  readonly principal: Pick<Principal, "projectId" | "environmentId" | "keyId">;
}

/** What a change takes besides: when it happens, and ids for the rows that it adds. */
export interface Change extends Tenant {
  readonly at: Date;
  readonly newId: NewId;
}

export type NewId = (
  kind: "key" | "prompt" | "version" | "labelMove" | "model" | "provider" | "budget" | "price" | "audit",
) => string;

/** Who did it, as versions, moves and the audit name them. */
export function actorOf(tenant: Pick<Tenant, "principal">): string {
  return `key:${tenant.principal.keyId}`;
}

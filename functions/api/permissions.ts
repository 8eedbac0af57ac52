import { MillraceError, type Permission, type Principal } from "@millrace/core/contract";
import { type ApiOperation, routeTable } from "@millrace/core/openapi";

const PREFIX = "/api/v1/";

/** The operations that this Worker serves, with the permission of each: the same rows that /docs shows. */
export const controlOperations: readonly ApiOperation[] = routeTable.filter(
  ({ path, servedBy }) => path.startsWith(PREFIX) && servedBy === undefined,
);

/** @throws MillraceError `permission-denied`, naming what is missing */
export function requirePermission(principal: Principal, required: Permission | "any" | "none"): void {
  if (required === "any" || required === "none" || principal.permissions.includes(required)) return;
  throw new MillraceError("permission-denied", { message: `The key lacks the permission ${required}.` });
}

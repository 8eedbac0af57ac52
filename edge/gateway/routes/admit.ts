import type { Permission } from "@millrace/core/contract";
import type { Context } from "hono";
import type { Admission } from "../exchange/admission.ts";
import { checkHeaders } from "../http/check-headers.ts";
import { authenticate, type AuthenticateDeps, requirePermission } from "../stages/authenticate/index.ts";

/**
 * Who asks a route that is no exchange.
 * @throws MillraceError `headers-too-large`, and as `authenticate` and `requirePermission` do.
 */
export async function admit(context: Context, permission: Permission, deps: AuthenticateDeps): Promise<Admission> {
  const request = context.req.raw;
  checkHeaders(request.headers);
  const admission = await authenticate(request, (work) => context.executionCtx.waitUntil(work), deps);
  requirePermission(admission, permission);
  return admission;
}

/** The `:id` of a path. */
export function idOf(context: Context): string {
  return context.req.param("id") ?? "";
}

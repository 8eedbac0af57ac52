import { type ControlService, MAX_BODY_BYTES, MillraceError, SERVED_EPOCH_HEADER } from "@millrace/core/contract";
import { errorFields, type Log } from "@millrace/core/log";
import type { Handler } from "hono";
import { checkHeaders } from "../http/check-headers.ts";
import { authenticate, type AuthenticateDeps } from "../stages/authenticate/index.ts";

export interface ControlRouteDeps extends AuthenticateDeps {
  readonly control: ControlService;
  readonly log: Log;
}

/** The request without what only the gateway may see. */
function forwardable(request: Request): Request {
  const headers = new Headers(request.headers);
  headers.delete("authorization");
  headers.delete("x-api-key");
  headers.delete("cookie");
  return new Request(request, { headers });
}

/** `/api/v1/*`: who calls is settled here, what they may do is settled where it is done. */
export function controlRoute(deps: ControlRouteDeps): Handler {
  return async (context) => {
    const request = context.req.raw;
    checkHeaders(request.headers);
    if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) throw new MillraceError("body-too-large");
    const admission = await authenticate(request, (work) => context.executionCtx.waitUntil(work), deps);
    try {
      const response = await deps.control.handle(forwardable(request), admission.principal);
      const answer = new Response(response.body, response);
      answer.headers.set(SERVED_EPOCH_HEADER, String(admission.config.epoch));
      return answer;
    } catch (error) {
      deps.log("error", "control-away", errorFields(error));
      throw new MillraceError("state-unavailable", { message: "The control API is away.", cause: error });
    }
  };
}

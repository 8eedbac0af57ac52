import type { ModelList, WireModel } from "@millrace/core/contract";
import type { Handler } from "hono";
import type { KeepAlive } from "../bundles/bundle-store.ts";
import type { ServedBundle } from "../bundles/held-bundle.ts";
import { checkHeaders } from "../http/check-headers.ts";
import { authenticate, type AuthenticateDeps, requirePermission } from "../stages/authenticate/index.ts";

/** What a key may put into `model`: the environment's models, and its prompts as `prompt:<name>`. All are as old as their publication. */
export function listModels({ bundle, publishedAtMs }: Pick<ServedBundle, "bundle" | "publishedAtMs">): ModelList {
  const ids = [...Object.keys(bundle.models), ...Object.keys(bundle.prompts).map((name) => `prompt:${name}`)];
  const created = Math.floor(publishedAtMs / 1000);
  return {
    object: "list",
    data: ids.map((id): WireModel => ({ id, object: "model", created, owned_by: bundle.project.slug })),
  };
}

/** GET /v1/models. */
export function modelsRoute(deps: AuthenticateDeps): Handler {
  return async (context) => {
    const keepAlive: KeepAlive = (work) => context.executionCtx.waitUntil(work);
    checkHeaders(context.req.raw.headers);
    const admission = await authenticate(context.req.raw, keepAlive, deps);
    requirePermission(admission, "inference");
    return context.json(listModels(admission.config));
  };
}

import { MillraceError, type ModelList, type WireModel } from "@millrace/core/contract";
import type { Context, Handler } from "hono";
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

async function admittedList(context: Context, deps: AuthenticateDeps): Promise<ModelList> {
  const keepAlive: KeepAlive = (work) => context.executionCtx.waitUntil(work);
  checkHeaders(context.req.raw.headers);
  const admission = await authenticate(context.req.raw, keepAlive, deps);
  requirePermission(admission, "inference");
  return listModels(admission.config);
}

/** GET /v1/models. */
export function modelsRoute(deps: AuthenticateDeps): Handler {
  return async (context) => context.json(await admittedList(context, deps));
}

/** GET /v1/models/{id}; an id may have slashes, as it is or encoded. */
export function modelRoute(deps: AuthenticateDeps): Handler {
  return async (context) => {
    const { data } = await admittedList(context, deps);
    const id = context.req.param("id");
    const model = data.find((one) => one.id === id);
    if (model !== undefined) return context.json(model);
    if (id?.startsWith("prompt:") === true)
      throw new MillraceError("unknown-prompt", { message: `There is no ${id}.`, param: "model" });
    throw new MillraceError("unknown-model", { message: `There is no model ${id}.`, param: "model" });
  };
}

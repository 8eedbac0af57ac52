import { type Bundle, idTimeMs, type ModelList, type WireModel } from "@millrace/core/contract";
import type { Handler } from "hono";
import type { KeepAlive } from "../bundles/bundle-store.ts";
import { authenticate, type AuthenticateDeps, requirePermission } from "../stages/authenticate/index.ts";

/** What a key may put into `model`: the environment's models, and its prompts as `prompt:<name>`. */
export function listModels(bundle: Bundle): ModelList {
  const owned = { object: "model", owned_by: bundle.project.slug } as const;
  const models = Object.keys(bundle.models).map((id): WireModel => ({ ...owned, id, created: 0 }));
  const prompts = Object.entries(bundle.prompts).map(([name, prompt]): WireModel => {
    const createdMs = idTimeMs(prompt.id);
    return { ...owned, id: `prompt:${name}`, created: Number.isNaN(createdMs) ? 0 : Math.floor(createdMs / 1000) };
  });
  return { object: "list", data: [...models, ...prompts] };
}

/** GET /v1/models. */
export function modelsRoute(deps: AuthenticateDeps): Handler {
  return async (context) => {
    const keepAlive: KeepAlive = (work) => context.executionCtx.waitUntil(work);
    const admission = await authenticate(context.req.raw, keepAlive, deps);
    requirePermission(admission, "inference");
    return context.json(listModels(admission.config.bundle));
  };
}

import {
  type AnthropicModel,
  type AnthropicModelList,
  type AnthropicModelQuery,
  anthropicModelQuerySchema,
  MillraceError,
  type ModelList,
  type WireModel,
} from "@millrace/core/contract";
import type { Context, Handler } from "hono";
import type { ServedBundle } from "../bundles/held-bundle.ts";
import { isAnthropicClient } from "../http/error-response.ts";
import { validateRequest } from "../http/validate-request.ts";
import type { AuthenticateDeps } from "../stages/authenticate/index.ts";
import { admit } from "./admit.ts";

type Published = Pick<ServedBundle, "bundle" | "publishedAtMs">;

/** What a key may put into `model`: the environment's models, and its prompts as `prompt:<name>`. All are as old as their publication. */
export function listModels({ bundle, publishedAtMs }: Published): ModelList {
  const ids = [...Object.keys(bundle.models), ...Object.keys(bundle.prompts).map((name) => `prompt:${name}`)];
  const created = Math.floor(publishedAtMs / 1000);
  return {
    object: "list",
    data: ids.map((id): WireModel => ({ id, object: "model", created, owned_by: bundle.project.slug })),
  };
}

function toAnthropic({ id, created }: WireModel): AnthropicModel {
  return { type: "model", id, display_name: id, created_at: new Date(created * 1000).toISOString() };
}

/** A page of the list, as Anthropic's clients ask for it. */
export function anthropicPage(list: ModelList, query: AnthropicModelQuery): AnthropicModelList {
  const all = list.data.map(toAnthropic);
  const indexOf = (id: string): number => all.findIndex((model) => model.id === id);
  const after = query.after_id === undefined ? 0 : indexOf(query.after_id) + 1;
  const before = query.before_id === undefined ? all.length : Math.max(0, indexOf(query.before_id));
  const isBackward = query.before_id !== undefined;
  const within = all.slice(after, before);
  const data = isBackward ? within.slice(-query.limit) : within.slice(0, query.limit);
  return {
    data,
    has_more: data.length < within.length,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  };
}

async function admittedList(context: Context, deps: AuthenticateDeps): Promise<ModelList> {
  return listModels((await admit(context, "inference", deps)).config);
}

/** GET /v1/models, in the form that the client knows. */
export function modelsRoute(deps: AuthenticateDeps): Handler {
  return async (context) => {
    const list = await admittedList(context, deps);
    if (!isAnthropicClient(context.req.raw.headers)) return context.json(list);
    validateRequest(anthropicModelQuerySchema, context.req.query());
    return context.json(anthropicPage(list, anthropicModelQuerySchema.parse(context.req.query())));
  };
}

/** GET /v1/models/{id}; an id may have slashes, as it is or encoded. */
export function modelRoute(deps: AuthenticateDeps): Handler {
  return async (context) => {
    const { data } = await admittedList(context, deps);
    const id = context.req.param("id");
    const model = data.find((one) => one.id === id);
    if (model !== undefined)
      return context.json(isAnthropicClient(context.req.raw.headers) ? toAnthropic(model) : model);
    if (id?.startsWith("prompt:") === true)
      throw new MillraceError("unknown-prompt", { message: `There is no ${id}.`, param: "model" });
    throw new MillraceError("unknown-model", { message: `There is no model ${id}.`, param: "model" });
  };
}

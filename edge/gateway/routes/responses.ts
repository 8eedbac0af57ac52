import {
  type DeletedResponse,
  MillraceError,
  responseItemQuerySchema,
  type ResponseItemList,
} from "@millrace/core/contract";
import type { Context, Handler } from "hono";
import { responsesDialect } from "../dialects/responses/index.ts";
import type { ResponseStore, StateOwner } from "../dialects/responses/response-store.ts";
import { validateRequest } from "../http/validate-request.ts";
import { inferenceHandler } from "../pipeline/inference-handler.ts";
import type { PipelineDeps } from "../pipeline/pipeline-deps.ts";
import type { AuthenticateDeps } from "../stages/authenticate/index.ts";
import { admit, idOf } from "./admit.ts";

export interface StoredResponsesDeps extends AuthenticateDeps {
  readonly responses: ResponseStore;
}

/** POST /v1/responses: OpenAI's newer way of asking, of any model that serves chat. */
export function responsesRoute(deps: PipelineDeps, store: ResponseStore): Handler {
  return inferenceHandler(responsesDialect(store), deps);
}

async function ownerOf(context: Context, deps: AuthenticateDeps): Promise<StateOwner> {
  return (await admit(context, "inference", deps)).principal;
}

/** GET /v1/responses/{id}: a response that was kept, once it is whole. */
export function retrieveResponseRoute(deps: StoredResponsesDeps): Handler {
  return async (context) => {
    const owner = await ownerOf(context, deps);
    if (context.req.query("stream") === "true") {
      const message = "stream: only responses that run in the background can be streamed again.";
      throw new MillraceError("unsupported-parameter", { param: "stream", message });
    }
    const { response } = await deps.responses.read(owner, idOf(context));
    return context.json(response);
  };
}

/** DELETE /v1/responses/{id}. */
export function deleteResponseRoute(deps: StoredResponsesDeps): Handler {
  return async (context) => {
    const owner = await ownerOf(context, deps);
    const id = idOf(context);
    await deps.responses.remove(owner, id);
    return context.json({ id, object: "response", deleted: true } satisfies DeletedResponse);
  };
}

/** POST /v1/responses/{id}/cancel: only responses in the background can be cancelled, and there are none. */
export function cancelResponseRoute(deps: StoredResponsesDeps): Handler {
  return async (context) => {
    const owner = await ownerOf(context, deps);
    await deps.responses.read(owner, idOf(context));
    throw new MillraceError("unsupported-parameter", {
      param: "background",
      message:
        "Only a response that runs in the background can be cancelled; close the connection to cancel any other.",
    });
  };
}

/** GET /v1/responses/{id}/input_items: what the model got, newest first unless `order=asc`. */
export function inputItemsRoute(deps: StoredResponsesDeps): Handler {
  return async (context) => {
    const owner = await ownerOf(context, deps);
    validateRequest(responseItemQuerySchema, context.req.query());
    const { limit, order, after } = responseItemQuerySchema.parse(context.req.query());
    const { items } = await deps.responses.read(owner, idOf(context));
    const ordered = order === "asc" ? items : items.toReversed();
    const start = after === undefined ? 0 : ordered.findIndex((item) => item["id"] === after) + 1;
    if (after !== undefined && start === 0)
      throw new MillraceError("unknown-resource", { param: "after", message: "after: there is no such item." });
    const data = ordered.slice(start, start + limit);
    const idAt = (index: number): string | null => {
      const id = data.at(index)?.["id"];
      return typeof id === "string" ? id : null;
    };
    const list: ResponseItemList = {
      object: "list",
      data,
      first_id: idAt(0),
      last_id: idAt(-1),
      has_more: start + limit < ordered.length,
    };
    return context.json(list);
  };
}

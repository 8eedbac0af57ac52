import { type BatchRequest, batchQuerySchema, batchRequestSchema, MillraceError } from "@millrace/core/contract";
import type { Handler } from "hono";
import type { BatchIndex } from "../batches/batch-index.ts";
import type { FileStore } from "../files/file-store.ts";
import { readJsonBody } from "../http/read-json-body.ts";
import { validateRequest } from "../http/validate-request.ts";
import type { AuthenticateDeps } from "../stages/authenticate/index.ts";
import { admit, idOf } from "./admit.ts";

export interface BatchRoutesDeps extends AuthenticateDeps {
  readonly batches: BatchIndex;
  readonly files: FileStore;
  readonly newBatchId: () => string;
}

/** POST /v1/batches. The file is read by the batch itself; what is wrong with it, the batch says. */
export function createBatchRoute(deps: BatchRoutesDeps): Handler {
  return async (context) => {
    const { principal } = await admit(context, "inference", deps);
    const { fields } = await readJsonBody(context.req.raw);
    validateRequest(batchRequestSchema, fields);
    const request: BatchRequest = batchRequestSchema.parse(fields);
    const file = await deps.files.read(principal, request.input_file_id, "input_file_id");
    if (file.purpose !== "batch") {
      const message = `input_file_id: its purpose is \`${file.purpose}\`, expected \`batch\`.`;
      throw new MillraceError("invalid-request", { param: "input_file_id", message });
    }
    const id = deps.newBatchId();
    await deps.batches.add(principal, id);
    const { projectId, environmentId, keyId } = principal;
    const identity = { projectId, environmentId, keyId };
    return context.json(await deps.batches.ask(principal, id, (run) => run.start({ id, identity, request })));
  };
}

/** GET /v1/batches/{id}. */
export function retrieveBatchRoute(deps: BatchRoutesDeps): Handler {
  return async (context) => {
    const { principal } = await admit(context, "inference", deps);
    const { projectId, environmentId } = principal;
    return context.json(
      await deps.batches.ask(principal, idOf(context), (run) => run.view({ projectId, environmentId })),
    );
  };
}

/** GET /v1/batches. */
export function listBatchesRoute(deps: BatchRoutesDeps): Handler {
  return async (context) => {
    const { principal } = await admit(context, "inference", deps);
    validateRequest(batchQuerySchema, context.req.query());
    const { projectId, environmentId } = principal;
    return context.json(
      await deps.batches.list({ projectId, environmentId }, batchQuerySchema.parse(context.req.query())),
    );
  };
}

/** POST /v1/batches/{id}/cancel. */
export function cancelBatchRoute(deps: BatchRoutesDeps): Handler {
  return async (context) => {
    const { principal } = await admit(context, "inference", deps);
    const { projectId, environmentId } = principal;
    const batch = await deps.batches.ask(principal, idOf(context), (run) => run.cancel({ projectId, environmentId }));
    if (batch.status === "cancelling" || batch.status === "cancelled") return context.json(batch);
    throw new MillraceError("already-over", { message: `A batch that is ${batch.status} cannot be cancelled.` });
  };
}

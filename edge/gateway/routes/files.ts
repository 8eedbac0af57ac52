import { type DeletedFile, fileQuerySchema } from "@millrace/core/contract";
import type { Context, Handler } from "hono";
import type { FileOwner, FileStore } from "../files/file-store.ts";
import { receiveFile, type ReceiveDeps } from "../files/receive-file.ts";
import { validateRequest } from "../http/validate-request.ts";
import type { AuthenticateDeps } from "../stages/authenticate/index.ts";
import { admit, idOf } from "./admit.ts";

export interface FileRoutesDeps extends AuthenticateDeps, ReceiveDeps {
  readonly files: FileStore;
  readonly nowMs: () => number;
}

async function ownerOf(context: Context, deps: AuthenticateDeps): Promise<FileOwner> {
  return (await admit(context, "inference", deps)).principal;
}

/** POST /v1/files. */
export function uploadFileRoute(deps: FileRoutesDeps): Handler {
  return async (context) => context.json(await receiveFile(context.req.raw, await ownerOf(context, deps), deps));
}

/** GET /v1/files. */
export function listFilesRoute(deps: FileRoutesDeps): Handler {
  return async (context) => {
    const owner = await ownerOf(context, deps);
    validateRequest(fileQuerySchema, context.req.query());
    return context.json(await deps.files.list(owner, fileQuerySchema.parse(context.req.query())));
  };
}

/** GET /v1/files/{id}. */
export function retrieveFileRoute(deps: FileRoutesDeps): Handler {
  return async (context) => context.json(await deps.files.read(await ownerOf(context, deps), idOf(context)));
}

/** GET /v1/files/{id}/content: the bytes as they were sent, always as a download. */
export function fileContentRoute(deps: FileRoutesDeps): Handler {
  return async (context) => {
    const owner = await ownerOf(context, deps);
    const file = await deps.files.read(owner, idOf(context));
    return new Response(await deps.files.content(owner, file.id), {
      headers: {
        "content-type": "application/octet-stream",
        "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(file.filename)}`,
        "x-content-type-options": "nosniff",
      },
    });
  };
}

/** DELETE /v1/files/{id}. */
export function deleteFileRoute(deps: FileRoutesDeps): Handler {
  return async (context) => {
    await deps.files.remove(await ownerOf(context, deps), idOf(context));
    return context.json({ id: idOf(context), object: "file", deleted: true } satisfies DeletedFile);
  };
}

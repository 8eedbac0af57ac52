import { type Batch, type BatchList, MillraceError } from "@millrace/core/contract";
import { type FileOwner, newestFirst } from "../files/file-store.ts";
import type { BatchRunService } from "./batch-service.ts";

const BATCH_ID = /^batch_[0-9a-f]{32}$/;

export interface BatchIndexDeps {
  readonly bucket: R2Bucket;
  readonly run: (id: string) => BatchRunService;
}

function notFound(id: string, param: string | undefined): MillraceError {
  return new MillraceError("unknown-resource", {
    message: `There is no batch ${id.slice(0, 100)}.`,
    ...(param === undefined ? {} : { param }),
  });
}

function away(cause: unknown): MillraceError {
  return new MillraceError("state-unavailable", { message: "The state of batches is away.", cause });
}

/** Which batches an owner has: one small object for each. How each stands, its own object says. */
export class BatchIndex {
  readonly #deps: BatchIndexDeps;

  constructor(deps: BatchIndexDeps) {
    this.#deps = deps;
  }

  #prefix({ projectId, environmentId }: FileOwner): string {
    return `batches/${projectId}/${environmentId}/`;
  }

  /** @throws MillraceError `state-unavailable`. */
  async add(owner: FileOwner, id: string): Promise<void> {
    try {
      await this.#deps.bucket.put(this.#prefix(owner) + newestFirst(id), id);
    } catch (cause) {
      throw away(cause);
    }
  }

  /** The object of a batch that the owner has. @throws MillraceError `unknown-resource`, `state-unavailable`. */
  async find(owner: FileOwner, id: string, param?: string): Promise<BatchRunService> {
    if (!BATCH_ID.test(id)) throw notFound(id, param);
    const entry = await this.#deps.bucket.head(this.#prefix(owner) + newestFirst(id)).catch((cause: unknown) => {
      throw away(cause);
    });
    if (entry === null) throw notFound(id, param);
    return this.#deps.run(id);
  }

  /** @throws MillraceError `unknown-resource`, `state-unavailable`. */
  async ask(owner: FileOwner, id: string, question: (run: BatchRunService) => Promise<Batch | null>): Promise<Batch> {
    const run = await this.find(owner, id);
    const batch = await question(run).catch((cause: unknown) => {
      throw away(cause);
    });
    if (batch === null) throw notFound(id, undefined);
    return batch;
  }

  /** A page of an owner's batches, the newest first. @throws MillraceError `unknown-resource` for `after`, `state-unavailable`. */
  async list(
    owner: FileOwner,
    { after, limit }: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<BatchList> {
    if (after !== undefined) await this.find(owner, after, "after");
    const prefix = this.#prefix(owner);
    try {
      const listed = await this.#deps.bucket.list({
        prefix,
        limit,
        ...(after === undefined ? {} : { startAfter: prefix + newestFirst(after) }),
      });
      // The turning round of digits undoes itself.
      const ids = listed.objects.map(({ key }) => `batch_${newestFirst(`_${key.slice(prefix.length)}`)}`);
      const views = await Promise.all(ids.map((id) => this.#deps.run(id).view(owner)));
      const data = views.filter((view) => view !== null);
      return {
        object: "list",
        data,
        first_id: data[0]?.id ?? null,
        last_id: data.at(-1)?.id ?? null,
        has_more: listed.truncated,
      };
    } catch (cause) {
      throw away(cause);
    }
  }
}

import {
  type FileObject,
  type FileList,
  fileObjectSchema,
  isMillraceError,
  MillraceError,
  type Principal,
} from "@millrace/core/contract";
import { ObjectWriter } from "./object-writer.ts";

/** Whose files: nothing of another environment can be named. */
export type FileOwner = Pick<Principal, "projectId" | "environmentId">;

export interface FileStoreDeps {
  readonly bucket: R2Bucket;
  readonly nowMs: () => number;
}

export interface FileQuery {
  readonly purpose?: FileObject["purpose"] | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
  readonly order: "asc" | "desc";
}

const FILE_ID = /^file_[0-9a-f]{32}$/;

/** One page of R2's list. */
const PAGE = 1000;
/** Pages that one question may read: more files of one environment are told newest first only. */
const MAX_PAGES = 50;

/** Ids sort by their time; with every digit turned round, the newest comes first. */
export function newestFirst(id: string): string {
  const hex = id.slice(id.indexOf("_") + 1);
  return Array.from(hex, (digit) => (15 - Number.parseInt(digit, 16)).toString(16)).join("");
}

function notFound(id: string, param: string | undefined): MillraceError {
  return new MillraceError("unknown-resource", {
    message: `There is no file ${id.slice(0, 100)}.`,
    ...(param === undefined ? {} : { param }),
  });
}

async function whileStored<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (isMillraceError(cause)) throw cause;
    throw new MillraceError("state-unavailable", { message: "The store of files is away.", cause });
  }
}

/** Files by owner and id: an entry that says what it is, and beside it the bytes. A file is there when its entry is. */
export class FileStore {
  readonly #deps: FileStoreDeps;

  constructor(deps: FileStoreDeps) {
    this.#deps = deps;
  }

  #prefix({ projectId, environmentId }: FileOwner): string {
    return `files/${projectId}/${environmentId}/`;
  }

  #bytesKey({ projectId, environmentId }: FileOwner, id: string): string {
    return `file-bytes/${projectId}/${environmentId}/${id}`;
  }

  /** Where the bytes of a file go that is not there yet. */
  writer(owner: FileOwner, id: string): ObjectWriter {
    return new ObjectWriter(this.#deps.bucket, this.#bytesKey(owner, id));
  }

  /** Makes a file known whose bytes are written. @throws MillraceError `state-unavailable`. */
  async commit(owner: FileOwner, file: FileObject): Promise<void> {
    const text = JSON.stringify(file);
    await whileStored(() =>
      this.#deps.bucket.put(this.#prefix(owner) + newestFirst(file.id), text, {
        customMetadata: { file: encodeURIComponent(text) },
      }),
    );
  }

  /** @throws MillraceError `unknown-resource`, `state-unavailable`. */
  async read(owner: FileOwner, id: string, param?: string): Promise<FileObject> {
    if (!FILE_ID.test(id)) throw notFound(id, param);
    const entry = await whileStored(async () => {
      const found = await this.#deps.bucket.get(this.#prefix(owner) + newestFirst(id));
      return found === null ? undefined : fileObjectSchema.parse(JSON.parse(await found.text()));
    });
    if (entry === undefined) throw notFound(id, param);
    if (!this.#isOver(entry)) return entry;
    // Its time is over whether its bytes go now or at the next question.
    await this.#forget(owner, id).catch(() => undefined);
    throw notFound(id, param);
  }

  #isOver({ expires_at: until }: FileObject): boolean {
    return until !== undefined && until * 1000 <= this.#deps.nowMs();
  }

  /** The bytes, or a range of them. @throws MillraceError `unknown-resource`, `state-unavailable`. */
  async content(
    owner: FileOwner,
    id: string,
    range?: { readonly offset: number; readonly length: number },
  ): Promise<ReadableStream<Uint8Array>> {
    const found = await whileStored(() =>
      this.#deps.bucket.get(this.#bytesKey(owner, id), range === undefined ? {} : { range }),
    );
    if (found === null) throw notFound(id, undefined);
    return found.body as ReadableStream<Uint8Array>;
  }

  /** @throws MillraceError `unknown-resource`, `state-unavailable`. */
  async remove(owner: FileOwner, id: string): Promise<void> {
    await this.read(owner, id);
    await whileStored(() => this.#forget(owner, id));
  }

  async #forget(owner: FileOwner, id: string): Promise<void> {
    await this.#deps.bucket.delete(this.#prefix(owner) + newestFirst(id));
    await this.#deps.bucket.delete(this.#bytesKey(owner, id));
  }

  /** One page of an owner's files. @throws MillraceError `unknown-resource` for an `after` that is not there, `state-unavailable`. */
  async list(owner: FileOwner, query: FileQuery): Promise<FileList> {
    const { after, limit, order, purpose } = query;
    if (after !== undefined) await this.read(owner, after, "after");
    const wanted = (file: FileObject): boolean =>
      (purpose === undefined || file.purpose === purpose) && !this.#isOver(file);
    const ascending = order === "asc";
    const found: FileObject[] = [];
    const startAfter = after === undefined || ascending ? undefined : this.#prefix(owner) + newestFirst(after);
    for await (const file of this.#newestFirst(owner, startAfter)) {
      if (ascending && file.id === after) break;
      if (wanted(file)) found.push(file);
      if (!ascending && found.length > limit) break;
    }
    const ordered = ascending ? found.toReversed() : found;
    const data = ordered.slice(0, limit);
    return {
      object: "list",
      data,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
      has_more: ordered.length > limit,
    };
  }

  async *#newestFirst(owner: FileOwner, startAfter: string | undefined): AsyncGenerator<FileObject> {
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const listed = await whileStored(() =>
        this.#deps.bucket.list({
          prefix: this.#prefix(owner),
          limit: PAGE,
          include: ["customMetadata"],
          ...(cursor === undefined ? (startAfter === undefined ? {} : { startAfter }) : { cursor }),
        }),
      );
      for (const { customMetadata } of listed.objects) {
        const text = customMetadata?.["file"];
        if (text !== undefined) yield fileObjectSchema.parse(JSON.parse(decodeURIComponent(text)));
      }
      if (!listed.truncated) return;
      cursor = listed.cursor;
    }
  }
}

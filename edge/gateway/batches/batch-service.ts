import type { Batch, BatchRequest } from "@millrace/core/contract";
import type { FileOwner } from "../files/file-store.ts";

/** Whose batch it is: an owner and one key of theirs, by id. The key itself is kept nowhere. */
export interface BatchIdentity extends FileOwner {
  readonly keyId: string;
}

export interface BatchStart {
  readonly id: string;
  readonly identity: BatchIdentity;
  readonly request: BatchRequest;
}

/** One object for each batch. All of it answers nothing to another owner. */
export interface BatchRunService {
  /** Begins a batch; again with the same id, it tells how it stands. */
  start(start: BatchStart): Promise<Batch>;
  /** null = there is none, or it is another's. */
  view(owner: FileOwner): Promise<Batch | null>;
  /** Asks it to end early; what is under way is finished. The batch as it stands; null as in `view`. */
  cancel(owner: FileOwner): Promise<Batch | null>;
}

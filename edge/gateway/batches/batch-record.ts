import type { Batch, BatchError } from "@millrace/core/contract";
import type { BatchIdentity } from "./batch-service.ts";

/** A batch that was handed to a provider's own batch API. */
export interface NativeBatch {
  readonly provider: string;
  readonly model: string;
  readonly secretName: string | undefined;
  /** Of the provider. */
  readonly inputFileId: string;
  /** Of the provider; undefined = it was not yet told. */
  readonly batchId: string | undefined;
  readonly polls: number;
  /** Bytes of the provider's results that are booked; undefined = they are not here yet. */
  readonly collected: number | undefined;
}

/** Everything about a batch but its lines. */
export interface BatchRecord {
  readonly schema: 1;
  readonly batch: Batch;
  readonly identity: BatchIdentity;
  readonly outputExpiresAfterSeconds: number | undefined;
  readonly outputFileId: string;
  readonly errorFileId: string;
  /** The model that every line names; undefined = they differ. */
  readonly onlyModel: string | undefined;
  /** Steps that failed one after the other, through no fault of a line. */
  readonly failures: number;
  /** Why it ends before all of its lines were asked. */
  readonly stop: { readonly status: "failed" | "expired" | "cancelled"; readonly error: BatchError } | undefined;
  /** `untried`: not yet decided. `no`: line by line. */
  readonly native: NativeBatch | "untried" | "no";
}

/** Beyond these nothing happens any more. */
const terminal: ReadonlySet<Batch["status"]> = new Set(["failed", "completed", "expired", "cancelled"]);

export function isTerminal({ status }: Pick<Batch, "status">): boolean {
  return terminal.has(status);
}

export function seconds(nowMs: number): number {
  return Math.floor(nowMs / 1000);
}

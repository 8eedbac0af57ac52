import type { Batch, BatchError, ProviderKind } from "@millrace/core/contract";
import type { BatchIdentity } from "./batch-service.ts";

/** A batch that was handed to a provider's own batch API. */
export interface NativeBatch {
  readonly provider: string;
  readonly kind: ProviderKind;
  readonly model: string;
  readonly secretName: string | undefined;
  /** Requests in it. */
  readonly lines: number;
  /** When it was first tried to hand it over. Milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Of the provider; undefined = it takes requests with the order. */
  readonly inputFileId: string | undefined;
  /** Of the provider; undefined = it was not yet told. */
  readonly batchId: string | undefined;
  /** It was found there after the answer to its creation was lost, and may be another's: it is waited for, but neither cancelled nor removed. */
  readonly isGuess?: true;
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

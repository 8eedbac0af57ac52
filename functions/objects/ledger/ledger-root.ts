import type { LeaseOutcome, LeaseRequest } from "./root-leases.ts";

/** What the root of a ledger offers its shards, and nobody else. */
export interface LedgerRoot {
  /** @throws Error for a request that was overtaken by a later one of the same shard. */
  lease(request: LeaseRequest): Promise<LeaseOutcome>;
  /** What a shard has spent and still holds of each bucket; never refused, since it asks for nothing. @throws Error as above. */
  told(request: LeaseRequest): Promise<void>;
}

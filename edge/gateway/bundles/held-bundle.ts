import type { Bundle, BundlePointer } from "@millrace/core/contract";

/** A verified bundle in this isolate's memory. */
export interface HeldBundle {
  readonly bundle: Bundle;
  readonly pointer: BundlePointer;
  /** When the hub last said that this pointer is current; for a bundle that came without the hub, never (0). */
  readonly confirmedAtMs: number;
}

/** A bundle as one request uses it. */
export interface ServedBundle {
  readonly bundle: Bundle;
  readonly epoch: number;
  readonly hash: string;
  readonly publishedAtMs: number;
  /** Beyond the staleness bound, because the hub is away: the last known good. */
  readonly stale: boolean;
  readonly ageMs: number;
}

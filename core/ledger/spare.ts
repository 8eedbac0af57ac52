import type { PartlyKnownAmounts } from "./amounts.ts";
import type { AccountState, LedgerEntry } from "./ledger-service.ts";
import { slotEndMs, type WindowSlot } from "./window-slot.ts";

/**
 * Of what is left of a limit, one asker gets at most this part beside what it needs. So what a gateway keeps for its next exchanges is never what
 * another's exchange fails for, until little is left; and from there on nobody keeps anything.
 */
export const SPARE_SHARE = 64;
/** The longest that a gateway may go on with what it was given; short enough that what it took to its grave is not missed for long. */
export const MAX_SPARE_MS = 30_000;
/** A slot that ends sooner is not worth holding anything of. */
const MIN_SPARE_MS = 100;

/** How long amounts that are booked now may be spent as if it were now: to the end of the first slot that ends. */
export function spareForMs(
  seats: readonly { readonly entry: LedgerEntry; readonly slot: WindowSlot }[],
  nowMs: number,
): number {
  const ends = seats.map(({ entry, slot }) => slotEndMs(entry.window, slot) - nowMs);
  return Math.max(0, Math.min(MAX_SPARE_MS, ...ends));
}

export interface SpareQuestion {
  readonly atMost: PartlyKnownAmounts;
  readonly wanted: number;
  readonly forMs: number;
  /** How the limits stand, this exchange not included. */
  readonly limits: readonly SpareLimit[];
}

export interface SpareLimit extends Pick<AccountState, "metric" | "limit" | "spent" | "reserved"> {
  /** False = it only tells, and goes on telling beyond itself. */
  readonly blocking: boolean;
}

/** How many times `atMost` is held beside what the exchange needs. */
export function spareTimes({ atMost, wanted, forMs, limits }: SpareQuestion): number {
  if (forMs < MIN_SPARE_MS) return 0;
  let times = Math.max(0, Math.floor(wanted));
  for (const { metric, limit, spent, reserved, blocking } of limits) {
    const amount = atMost[metric];
    if (!blocking) {
      // What is held of it is told of as well: of its whole, since it has no end. One exchange ahead is what keeps it from being asked each time.
      if (amount !== null && amount > 0) times = Math.min(times, Math.max(1, Math.floor(limit / SPARE_SHARE / amount)));
      continue;
    }
    // Nothing that blocks asks for what is unknown; a reservation that does is for one exchange.
    if (amount === null) return 0;
    const left = limit - spent - reserved - amount;
    if (amount > 0) times = Math.min(times, Math.floor(left / SPARE_SHARE / amount));
    // An exchange that takes none of it can still be the last that fits.
    else if (left <= 0) return 0;
  }
  return Math.max(0, times);
}

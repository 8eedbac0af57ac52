import type { LedgerService } from "@millrace/core/ledger";
import { within } from "../../memory/within.ts";

export interface LedgerCallDeps {
  /** A stub is good for one call: after an object has restarted, an older one is broken. */
  readonly ledger: (name: string) => LedgerService;
  readonly pause: (delayMs: number) => Promise<void>;
}

export interface Patience {
  /** Waits before each further try; none = one try. Milliseconds. */
  readonly pausesMs: readonly number[];
  /** Of one try. Milliseconds. */
  readonly limitMs: number;
}

/** A caller waits for it. */
export const WHILE_WAITED_FOR: Patience = { pausesMs: [10, 50, 200], limitMs: 2_000 };
/** Behind the caller's back: tries and pauses together stay within the half minute that a Worker outlives them. */
export const BEHIND: Patience = { pausesMs: [50, 200, 1_000, 8_000], limitMs: 3_000 };

/**
 * One call of a ledger, tried again: all its calls are idempotent, and an object that restarts is back within milliseconds.
 * @throws what the last try threw.
 */
export async function callLedger<T>(
  name: string,
  call: (ledger: LedgerService) => Promise<T>,
  options: { readonly deps: LedgerCallDeps; readonly patience: Patience },
): Promise<T> {
  const { deps, patience } = options;
  for (const pauseMs of patience.pausesMs) {
    try {
      return await within(call(deps.ledger(name)), patience.limitMs);
    } catch {
      await deps.pause(pauseMs);
    }
  }
  return within(call(deps.ledger(name)), patience.limitMs);
}

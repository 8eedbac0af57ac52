import {
  type AccountState,
  addAmounts,
  leastAmounts,
  type PartlyKnownAmounts,
  subtractAmounts,
} from "@millrace/core/ledger";

export interface AdvanceFacts {
  /** Of the reservation. */
  readonly id: string;
  readonly amounts: PartlyKnownAmounts;
  /** From here on nothing is taken from it: what it was booked for is over. This isolate's clock. */
  readonly validUntilMs: number;
  /** The longest that an exchange may be under way that takes from it. */
  readonly exchangeTtlMs: number;
  /** How the accounts stood when it was made, all of it reserved. */
  readonly accounts: readonly AccountState[];
}

/**
 * A reservation that this isolate spends for many exchanges without asking the ledger again. What is taken here is held there already, so no limit is
 * passed by it.
 */
export class Advance {
  readonly facts: AdvanceFacts;
  #free: PartlyKnownAmounts;
  #isOpen = true;

  constructor(facts: AdvanceFacts) {
    this.facts = facts;
    this.#free = facts.amounts;
  }

  /** What nobody has taken. */
  get free(): PartlyKnownAmounts {
    return this.#free;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  isValid(nowMs: number): boolean {
    return this.#isOpen && nowMs < this.facts.validUntilMs;
  }

  /** Whether an exchange may take from it. */
  serves(exchangeTtlMs: number, nowMs: number): boolean {
    return this.isValid(nowMs) && exchangeTtlMs <= this.facts.exchangeTtlMs;
  }

  /** As much of it as there is. */
  take(amounts: PartlyKnownAmounts): PartlyKnownAmounts {
    const taken = leastAmounts(amounts, this.#free);
    this.#free = subtractAmounts(this.#free, taken);
    return taken;
  }

  /** What an exchange took and did not need. */
  putBack(amounts: PartlyKnownAmounts): void {
    this.#free = addAmounts(this.#free, amounts);
  }

  /** Ends it. @returns what nobody has taken, the first time. */
  close(): PartlyKnownAmounts | undefined {
    if (!this.#isOpen) return undefined;
    this.#isOpen = false;
    return this.#free;
  }

  /** How the accounts stand, as far as is known here: what nobody has taken is not reserved to this isolate's callers. */
  accounts(): readonly AccountState[] {
    return this.facts.accounts.map((state) => ({
      ...state,
      reserved: state.reserved - (this.#free[state.metric] ?? 0),
    }));
  }
}

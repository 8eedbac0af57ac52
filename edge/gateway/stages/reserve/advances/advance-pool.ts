import {
  addAmounts,
  type AccountState,
  type HeldPart,
  isNothing,
  type LedgerEntry,
  type LedgerProject,
  missingAmounts,
  type PartlyKnownAmounts,
  timesAmounts,
} from "@millrace/core/ledger";
import { Advance, type AdvanceFacts } from "./advance.ts";
import { Refill } from "./refill.ts";

/** The most exchanges that one advance is asked for. */
const MAX_TIMES = 512;
/** Advances that follow each other faster than this are too small; much slower, too large. Milliseconds. */
const AIMED_AT_MS = 1_000;
/** More is asked for when less than this part of an advance is left. */
const LOW_PART = 4;
/** An advance that nobody took from for this long goes back. Milliseconds. */
export const IDLE_MS = 3_000;

/** What one exchange has taken. */
export interface TakenPart extends HeldPart {
  /** Undefined = a reservation for this exchange alone. */
  readonly advance?: Advance | undefined;
}

/** What one exchange asks for. */
export interface Need {
  readonly amounts: PartlyKnownAmounts;
  /** The longest that it may be under way. */
  readonly ttlMs: number;
}

export interface PoolFacts {
  /** Exchanges of one key take from the same pool: tenant, configuration, accounts, and what of them is known. */
  readonly key: string;
  /** The object that all reservations of the pool are kept by. */
  readonly ledgerName: string;
  readonly project: LedgerProject;
  readonly entries: readonly LedgerEntry[];
}

/** The advances of one set of accounts in this isolate, and how much of them was needed lately. Decides; asks nobody. */
export class AdvancePool {
  readonly facts: PoolFacts;
  /** The oldest first. */
  #advances: readonly Advance[] = [];
  #times = 1;
  #addedAtMs = Number.NEGATIVE_INFINITY;
  #takenAtMs = Number.NEGATIVE_INFINITY;
  #refill: Refill | undefined;
  /** Exchanges that waited for the last question. */
  #waited = 0;
  /** The ledger's last word was that a limit is near: exchanges ask one by one, and settle before their answers end. */
  isTight = false;

  constructor(facts: PoolFacts) {
    this.facts = facts;
  }

  isEmpty(nowMs: number): boolean {
    return this.#advances.length === 0 && this.refill(nowMs) === undefined;
  }

  /** The question under way, if any. */
  refill(nowMs: number): Refill | undefined {
    return this.#refill?.isLost(nowMs) === false ? this.#refill : undefined;
  }

  /** Others may wait for this question, unless they wait for one already. `ended` is called when it is answered. */
  follow(asking: Promise<unknown>, nowMs: number, ended: () => void): void {
    if (this.refill(nowMs) !== undefined) return;
    const refill = new Refill(asking, nowMs);
    this.#refill = refill;
    void refill.ended.then(() => {
      this.#waited = refill.waiting;
      if (this.#refill === refill) this.#refill = undefined;
      ended();
    });
  }

  /** Whether there is as much as is needed. */
  has({ amounts, ttlMs }: Need, nowMs: number): boolean {
    const valid = this.#advances.filter((advance) => advance.serves(ttlMs, nowMs));
    const there = valid.reduce((sum, { free }) => addAmounts(sum, free), timesAmounts(amounts, 0));
    return valid.length > 0 && isNothing(missingAmounts(amounts, there));
  }

  /** Whether the exchanges that come next may have to wait before more is here. */
  isLow({ amounts, ttlMs }: Need, nowMs: number): boolean {
    const soon = timesAmounts(amounts, Math.ceil(this.#times / LOW_PART));
    return !this.has({ amounts: soon, ttlMs }, nowMs);
  }

  /** As much of it as there is. */
  take({ amounts, ttlMs }: Need, nowMs: number): readonly TakenPart[] {
    this.#takenAtMs = nowMs;
    const parts: TakenPart[] = [];
    let missing = amounts;
    for (const advance of this.#advances) {
      if (!advance.serves(ttlMs, nowMs)) continue;
      const taken = advance.take(missing);
      if (isNothing(taken) && !isNothing(missing)) continue;
      parts.push({ reservation: advance.facts.id, amounts: taken, advance });
      missing = missingAmounts(missing, taken);
      if (isNothing(missing)) break;
    }
    return parts;
  }

  /** How many times as much again the next reservation should hold. */
  nextTimes(nowMs: number): number {
    const sinceMs = nowMs - this.#addedAtMs;
    if (sinceMs < AIMED_AT_MS) this.#times = Math.min(MAX_TIMES, this.#times * 2);
    else if (sinceMs > 2 * AIMED_AT_MS) this.#times = Math.max(1, Math.floor(this.#times / 2));
    const waited = this.#waited;
    this.#waited = 0;
    return Math.min(MAX_TIMES, Math.max(this.#times, waited));
  }

  add(facts: AdvanceFacts, nowMs: number): Advance {
    const advance = new Advance(facts);
    this.#advances = [...this.#advances, advance];
    this.#addedAtMs = nowMs;
    this.#takenAtMs = nowMs;
    return advance;
  }

  /** How the accounts stand by the latest advance. */
  accounts(): readonly AccountState[] {
    return this.#advances.at(-1)?.accounts() ?? [];
  }

  /** Ends the advances that are over or that nobody uses, or all of them. @returns what is to be given back. */
  close(nowMs: number, which: "due" | "all"): readonly HeldPart[] {
    const isIdle = nowMs - this.#takenAtMs >= IDLE_MS;
    const over = this.#advances.filter((advance) => which === "all" || isIdle || !advance.isValid(nowMs));
    if (over.length === 0) return [];
    this.#advances = this.#advances.filter((advance) => !over.includes(advance));
    return over.flatMap((advance) => {
      const amounts = advance.close();
      return amounts === undefined || isNothing(amounts) ? [] : [{ reservation: advance.facts.id, amounts }];
    });
  }
}

import type { BudgetLimit, BudgetWindow } from "../contract/index.ts";
import type { Amounts, Metric, PartlyKnownAmounts } from "./amounts.ts";

/** One account that an exchange is booked on, and the rules of its budget. */
export interface LedgerEntry {
  readonly budget: string;
  /** `user:alice`; unique within the budget. */
  readonly account: string;
  readonly window: BudgetWindow;
  readonly limit: BudgetLimit;
  readonly blocking: boolean;
  /** Fractions of the limit, each told once in a window. */
  readonly alerts: readonly number[];
  readonly webhook: { readonly url: string; readonly secret?: string | undefined } | undefined;
}

export interface LedgerProject {
  readonly id: string;
  readonly slug: string;
}

export interface ReserveRequest {
  /** Of the reservation; the same id is the same reservation. */
  readonly id: string;
  readonly project: LedgerProject;
  /** The most that the exchange can take for which it is asked. null only where no blocking entry limits it. */
  readonly atMost: PartlyKnownAmounts;
  /** How many times as much again the asker would like to hold for the exchanges that come next. */
  readonly wanted: number;
  /** Nobody needs `atMost` yet: where no more than that could be held, nothing is. */
  readonly onlyWithSpare?: boolean;
  /** After this long without word, what is left of it counts as taken. */
  readonly ttlMs: number;
  readonly entries: readonly LedgerEntry[];
}

/** How an account stands towards one of its limits, this reservation included where it was made. */
export interface AccountState {
  readonly budget: string;
  readonly account: string;
  readonly metric: Metric;
  readonly limit: number;
  readonly spent: number;
  readonly reserved: number;
  /** Calendar: the end of the window. Rolling: when what is missing, or the oldest amount, has left. */
  readonly resetsAtMs: number;
  readonly windowMs: number;
}

export type ReserveOutcome =
  | {
      readonly ok: true;
      readonly accounts: readonly AccountState[];
      /** How many times as much again is held. 0 = a limit is too near for that: what this exchange leaves is to be given back at once. */
      readonly spare: number;
      /** So long exchanges may be taken from it: what is booked in a window's slot is spent in that slot. Milliseconds. */
      readonly forMs: number;
    }
  | {
      readonly ok: false;
      readonly refusal: AccountState;
      /** What the exchange asked for, of the refused metric. */
      readonly asked: number;
      readonly accounts: readonly AccountState[];
    };

/** A part of a reservation that one exchange holds. */
export interface HeldPart {
  readonly reservation: string;
  readonly amounts: PartlyKnownAmounts;
}

export interface Settlement {
  /** Of the exchange: its trace's. The same id is the same settlement. */
  readonly id: string;
  readonly project: LedgerProject;
  /** What was really taken; null is unknown and counts as what was held. */
  readonly actual: PartlyKnownAmounts;
  /** All that the exchange holds; free again with its settlement. */
  readonly held: readonly HeldPart[];
  /** The same as reserved: what was never reserved (an alert while the ledger was away) is booked by them. */
  readonly entries: readonly LedgerEntry[];
}

/** Settlements that one outbox hands on, in its order; what a ledger has had before it does not take again. */
export interface Posting {
  readonly outbox: string;
  readonly items: readonly { readonly seq: number; readonly settlement: Settlement }[];
}

export interface LedgerUsage {
  readonly budget: string;
  readonly account: string;
  readonly window: BudgetWindow;
  readonly spent: Amounts;
  readonly reserved: Amounts;
  readonly unknownTokens: number;
  readonly unknownCost: number;
  readonly resetsAtMs: number;
}

/** Both sides of the book, for one budget: by account (windows) and by exchange and reservation (lines). They are equal or something is broken. */
export interface BudgetAudit {
  readonly budget: string;
  readonly byAccount: { readonly spent: Amounts; readonly reserved: Amounts };
  readonly byExchange: { readonly spent: Amounts; readonly reserved: Amounts };
  readonly balanced: boolean;
}

export interface LedgerAudit {
  readonly balanced: boolean;
  readonly budgets: readonly BudgetAudit[];
  /** Settled exchanges that are still on the books. */
  readonly settled: number;
  /** Settlements that the book could not take, as they came: a person has to look at them. */
  readonly setAside: number;
  /** Reservations that still hold something, by state. `assumed` = swept without word, counted at the most that they could take. */
  readonly reservations: Readonly<Record<ReservationState, number>>;
}

export type ReservationState = "held" | "assumed";

/** The exact account of one project. Every call is idempotent by its id and tolerates any order. */
export interface LedgerService {
  reserve(request: ReserveRequest): Promise<ReserveOutcome>;
  settle(settlement: Settlement): Promise<void>;
  /** Settles all of them, in one transaction. */
  post(posting: Posting): Promise<void>;
  /** Ends a reservation, once: these amounts of it nobody holds. A reservation that arrives later than this is not made. */
  giveBack(id: string, amounts: PartlyKnownAmounts): Promise<void>;
  usage(query: { readonly budget?: string | undefined; readonly limit: number }): Promise<readonly LedgerUsage[]>;
  audit(): Promise<LedgerAudit>;
}

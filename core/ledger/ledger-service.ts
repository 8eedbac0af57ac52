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

export interface ReserveRequest {
  /** Of the exchange; the same id is the same reservation. */
  readonly id: string;
  readonly project: { readonly id: string; readonly slug: string };
  /** The most that the exchange can take. null only where no blocking entry limits it. */
  readonly atMost: PartlyKnownAmounts;
  /** After this long without word the exchange counts as having taken the most that it could. */
  readonly ttlMs: number;
  readonly entries: readonly LedgerEntry[];
}

/** How an account stands towards one of its limits, this exchange included where it was admitted. */
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
  | { readonly ok: true; readonly accounts: readonly AccountState[] }
  | {
      readonly ok: false;
      readonly refusal: AccountState;
      /** What the exchange asked for, of the refused metric. */
      readonly asked: number;
      readonly accounts: readonly AccountState[];
    };

/** A further attempt that may be billed beside those before it. */
export interface ExtendRequest {
  readonly id: string;
  /** 2 for the second attempt. The same number is the same extension. */
  readonly attempt: number;
  readonly project: { readonly id: string; readonly slug: string };
  readonly atMost: PartlyKnownAmounts;
  /** The same as reserved. */
  readonly entries: readonly LedgerEntry[];
}

export interface SettleRequest {
  readonly id: string;
  readonly project: { readonly id: string; readonly slug: string };
  /** What was really taken; null is unknown and counts as what was reserved. */
  readonly actual: PartlyKnownAmounts;
  /** The same as reserved: what was never reserved (an alert while the ledger was away) is booked by them. */
  readonly entries: readonly LedgerEntry[];
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

/** Both sides of the book, for one budget: by account (windows) and by exchange (lines). They are equal or something is broken. */
export interface BudgetAudit {
  readonly budget: string;
  readonly byAccount: { readonly spent: Amounts; readonly reserved: Amounts };
  readonly byExchange: { readonly spent: Amounts; readonly reserved: Amounts };
  readonly balanced: boolean;
}

export interface LedgerAudit {
  readonly balanced: boolean;
  readonly budgets: readonly BudgetAudit[];
  /** Exchanges that are still on the books, by state. `assumed` = swept without word, counted at the most that they could take. */
  readonly exchanges: Readonly<Record<ExchangeState, number>>;
}

export type ExchangeState = "held" | "settled" | "released" | "assumed";

/** The exact account of one project. Every call is idempotent by the exchange's id and tolerates any order. */
export interface LedgerService {
  reserve(request: ReserveRequest): Promise<ReserveOutcome>;
  extend(request: ExtendRequest): Promise<ReserveOutcome>;
  settle(request: SettleRequest): Promise<void>;
  release(id: string): Promise<void>;
  usage(query: { readonly budget?: string | undefined; readonly limit: number }): Promise<readonly LedgerUsage[]>;
  audit(): Promise<LedgerAudit>;
}

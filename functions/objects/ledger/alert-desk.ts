import { errorFields, type Log } from "@millrace/core/log";
import { type AccountState, type LedgerEntry, windowLengthMs } from "@millrace/core/ledger";
import type { LedgerBook } from "./ledger-book.ts";
import type { Seat } from "./ledger-accounts.ts";

/** First wait after a delivery that failed; doubles. Milliseconds. */
const FIRST_RETRY_MS = 5_000;
const MAX_RETRY_MS = 3_600_000;
/** With the waits above about a day; then the alert is given up, which is logged. */
const MAX_ATTEMPTS = 32;
/** Alerts of one alarm. */
const BATCH = 20;

export interface AlertDelivery {
  readonly id: string;
  readonly url: string;
  readonly secret: string | undefined;
  readonly projectSlug: string;
  readonly body: string;
}

export interface AlertDeps {
  readonly nowMs: () => number;
  readonly newId: () => string;
  /** Resolves when the receiver has taken it. */
  readonly deliver: (alert: AlertDelivery) => Promise<void>;
  readonly log: Log;
}

interface AlertRow extends Record<string, SqlStorageValue> {
  readonly id: string;
  readonly url: string;
  readonly secret: string | null;
  readonly body: string;
  readonly attempts: number;
}

interface Crossing {
  readonly seat: Seat;
  readonly fraction: number;
  readonly state: AccountState;
  readonly refused: boolean;
}

/** Rolling windows have no beginning: their thresholds are told once in each stretch of the window's length. */
function alertWindow({ entry, slot }: Seat, nowMs: number): { readonly startMs: number; readonly endMs: number } {
  if (entry.window.kind === "calendar") return { startMs: slot.startMs, endMs: slot.expiresAtMs };
  const lengthMs = windowLengthMs(entry.window);
  const startMs = Math.floor(nowMs / lengthMs) * lengthMs;
  return { startMs, endMs: startMs + lengthMs };
}

/**
 * Thresholds that were reached: each is one row, which the unique key of account, window and fraction lets in once. Delivery is tried until it
 * succeeds; the receiver tells repetitions by the id.
 */
export class AlertDesk {
  readonly #sql: SqlStorage;
  readonly #book: LedgerBook;
  readonly #deps: AlertDeps;

  constructor(sql: SqlStorage, book: LedgerBook, deps: AlertDeps) {
    this.#sql = sql;
    this.#book = book;
    this.#deps = deps;
  }

  /**
   * Notes what the spent amounts of these entries have reached. A refusal reaches the whole limit, although nothing was spent on it.
   * @returns whether there is something new to deliver.
   */
  note(
    project: { readonly id: string; readonly slug: string },
    entries: readonly LedgerEntry[],
    refusal?: AccountState,
  ): boolean {
    const watched = entries.filter((entry) => entry.alerts.length > 0 && entry.webhook !== undefined);
    if (watched.length === 0) return false;
    return this.#book.atomically(() => {
      const nowMs = this.#deps.nowMs();
      let noted = false;
      const seats = this.#book.accounts.seats(watched, nowMs);
      for (const seat of seats) {
        for (const crossing of this.#crossings(seat, nowMs, refusal))
          noted = this.#put(project, crossing, nowMs) || noted;
      }
      if (refusal !== undefined) this.#book.accounts.dropUnused(seats.map(({ account }) => account));
      return noted;
    });
  }

  #crossings(seat: Seat, nowMs: number, refusal: AccountState | undefined): readonly Crossing[] {
    const states = this.#book.accounts.states([seat], nowMs);
    const refused = (state: AccountState): boolean =>
      refusal?.budget === state.budget && refusal.account === state.account && refusal.metric === state.metric;
    return seat.entry.alerts.flatMap((fraction): Crossing[] => {
      const state = states.find((each) => each.spent >= fraction * each.limit || (fraction <= 1 && refused(each)));
      return state === undefined ? [] : [{ seat, fraction, state, refused: refused(state) }];
    });
  }

  #put(project: { readonly id: string; readonly slug: string }, crossing: Crossing, nowMs: number): boolean {
    const { seat, fraction, state, refused } = crossing;
    const { webhook } = seat.entry;
    if (webhook === undefined) return false;
    const { startMs, endMs } = alertWindow(seat, nowMs);
    const id = this.#deps.newId();
    const body = JSON.stringify({
      id,
      type: "budget.threshold",
      at: new Date(nowMs).toISOString(),
      project: project.slug,
      budget: state.budget,
      account: state.account,
      metric: state.metric,
      fraction,
      limit: state.limit,
      spent: state.spent,
      reserved: state.reserved,
      refused,
      window: { starts_at: new Date(startMs).toISOString(), ends_at: new Date(endMs).toISOString() },
    });
    const cursor = this.#sql.exec(
      `insert or ignore into alert (id, account, slot, fraction, body, url, secret, due_ms, expires_ms) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      id,
      seat.account,
      startMs,
      fraction,
      body,
      webhook.url,
      webhook.secret === undefined ? null : `${project.slug}/${webhook.secret}`,
      nowMs,
      endMs,
    );
    return cursor.rowsWritten > 0;
  }

  /** Tries what is due, then drops what was told and whose window is over. */
  async deliverDue(): Promise<void> {
    const due = [
      ...this.#sql.exec<AlertRow>(
        "select id, url, secret, body, attempts from alert where due_ms <= ? order by due_ms limit ?",
        this.#deps.nowMs(),
        BATCH,
      ),
    ];
    await Promise.all(due.map((row) => this.#deliver(row)));
    this.#dropOver();
  }

  #dropOver(): void {
    this.#book.atomically(() => {
      const over = [
        ...this.#sql.exec<{ account: number }>(
          "delete from alert where due_ms is null and expires_ms <= ? returning account",
          this.#deps.nowMs(),
        ),
      ];
      this.#book.accounts.dropUnused(over.map(({ account }) => account));
    });
  }

  async #deliver(row: AlertRow): Promise<void> {
    const slash = row.secret?.indexOf("/") ?? -1;
    try {
      await this.#deps.deliver({
        id: row.id,
        url: row.url,
        secret: row.secret === null ? undefined : row.secret.slice(slash + 1),
        projectSlug: row.secret === null ? "" : row.secret.slice(0, slash),
        body: row.body,
      });
      this.#sql.exec("update alert set due_ms = null, attempts = attempts + 1 where id = ?", row.id);
    } catch (error) {
      const attempts = row.attempts + 1;
      const waitMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** row.attempts);
      const dueMs = attempts >= MAX_ATTEMPTS ? null : this.#deps.nowMs() + waitMs;
      this.#sql.exec("update alert set due_ms = ?, attempts = ? where id = ?", dueMs, attempts, row.id);
      this.#deps.log(
        dueMs === null ? "error" : "warn",
        dueMs === null ? "budget-alert-given-up" : "budget-alert-failed",
        {
          ...errorFields(error),
          attempt: attempts,
        },
      );
    }
  }

  nextDueMs(): number | undefined {
    const { due } = this.#sql
      .exec<{ due: number | null }>("select min(coalesce(due_ms, expires_ms)) due from alert")
      .one();
    return due ?? undefined;
  }
}

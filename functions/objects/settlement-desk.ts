import type { SettlementText } from "@millrace/core/contract";
import type { LedgerService, Settlement } from "@millrace/core/ledger";
import { errorFields, type Log } from "@millrace/core/log";
import type { Expiry } from "./expire.ts";

/** Settlements of one call: a transaction of some ten milliseconds at the ledger, between which it answers others. */
const MAX_POST_ITEMS = 200;
/** A ledger that takes longer counts as away: it must not hold up the others. What it took all the same changes nothing twice. Milliseconds. */
export const POST_LIMIT_MS = 10_000;
/** A run that has not gone on after this long died with its event. Milliseconds. */
const RUN_LOST_MS = 3 * POST_LIMIT_MS;

export interface SettlementDeskDeps {
  /** The object of that name. */
  readonly ledger: (name: string) => Pick<LedgerService, "post">;
  /** The name of this desk's object; ledgers remember by it how far they have come. */
  readonly outbox: () => string;
  readonly nowMs: () => number;
  readonly expire: (afterMs: number) => Expiry;
  readonly log: Log;
}

interface SettlementRow extends Record<string, SqlStorageValue> {
  readonly seq: number;
  readonly ledger: string;
  readonly body: string;
}

/**
 * Settlements on their way from the traces that they came with to their ledgers. Each ledger gets them in order, one call at a time, under
 * numbers that never come again; so it takes each once, whatever is repeated.
 */
export class SettlementDesk {
  readonly #sql: SqlStorage;
  readonly #deps: SettlementDeskDeps;
  /** Until when the run under way counts as alive. */
  #aliveUntilMs = 0;
  /** Runs in a row in which a ledger was away. */
  failures = 0;
  /** A cache of how many there are, so that an outbox without any asks nothing. */
  #count: number;

  constructor(sql: SqlStorage, deps: SettlementDeskDeps) {
    this.#sql = sql;
    this.#deps = deps;
    this.#sql.exec(
      "create table if not exists settlement (seq integer primary key autoincrement, ledger text not null, body text not null)",
    );
    this.#count = this.#sql.exec<{ n: number }>("select count(*) n from settlement").one().n;
  }

  add(settlements: readonly SettlementText[]): void {
    for (const { ledger, text } of settlements)
      this.#sql.exec("insert into settlement (ledger, body) values (?, ?)", ledger, text);
    this.#count += settlements.length;
  }

  get waiting(): boolean {
    return this.#count > 0;
  }

  /** A run is under way, and takes what comes meanwhile with it. */
  get isDelivering(): boolean {
    return this.#aliveUntilMs > this.#deps.nowMs();
  }

  /** Hands everything on whose ledger answers. Never throws. */
  async deliver(): Promise<void> {
    if (!this.waiting || this.isDelivering) return;
    const away = new Set<string>();
    for (let rows = this.#next(away); rows.length > 0; rows = this.#next(away)) {
      this.#aliveUntilMs = this.#deps.nowMs() + RUN_LOST_MS;
      await this.#post(rows, away);
    }
    this.#aliveUntilMs = 0;
    this.failures = away.size === 0 ? 0 : this.failures + 1;
  }

  /** The oldest, of one ledger. */
  #next(away: ReadonlySet<string>): readonly SettlementRow[] {
    return [
      ...this.#sql.exec<SettlementRow>(
        `select seq, ledger, body from settlement where ledger = (
           select ledger from settlement where ledger not in (select value from json_each(?)) order by seq limit 1)
         order by seq limit ?`,
        JSON.stringify([...away]),
        MAX_POST_ITEMS,
      ),
    ];
  }

  async #post(rows: readonly SettlementRow[], away: Set<string>): Promise<void> {
    const [first] = rows;
    const last = rows.at(-1);
    if (first === undefined || last === undefined) return;
    const { ledger } = first;
    const items = rows.map(({ seq, body }) => ({ seq, settlement: JSON.parse(body) as Settlement }));
    const limit = this.#deps.expire(POST_LIMIT_MS);
    try {
      await Promise.race([this.#deps.ledger(ledger).post({ outbox: this.#deps.outbox(), items }), limit.expired]);
    } catch (error) {
      away.add(ledger);
      this.#deps.log("warn", "settlements-not-posted", { count: rows.length, ...errorFields(error) });
      return;
    } finally {
      limit.cancel();
    }
    this.#count -= this.#sql
      .exec("delete from settlement where ledger = ? and seq <= ? returning seq", ledger, last.seq)
      .toArray().length;
  }
}

import {
  eachMetric,
  type LedgerEntry,
  type LedgerService,
  type PartlyKnownAmounts,
  type ReserveOutcome,
  type Settlement,
  spareTimes,
  timesAmounts,
} from "@millrace/core/ledger";
import {
  type HoldOutcome,
  type HoldRequest,
  IsolateAdvances,
} from "../../edge/gateway/stages/reserve/advances/isolate-advances.ts";
import { Reservation } from "../../edge/gateway/stages/reserve/reservation.ts";

const project = { id: "prj_a", slug: "acme" };
export const tokens = (count: number): PartlyKnownAmounts => ({ requests: 1, tokens: count, usd_micros: 0 });

function entry(account: string, limit: number): LedgerEntry {
  const window = { kind: "calendar", unit: "month", time_zone: "UTC" } as const;
  return { budget: "b", account, window, limit: { tokens: limit }, blocking: true, alerts: [], webhook: undefined };
}

/** A clock that stands until the test turns it, and wakes who waits. */
export class Time {
  nowMs = 1_000_000;
  #waiting: { readonly atMs: number; readonly wake: () => void }[] = [];

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ atMs: this.nowMs + delayMs, wake: resolve }));
  }

  async advance(ms: number): Promise<void> {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) {
      this.nowMs = Math.min(endMs, this.nowMs + 100);
      const due = this.#waiting.filter(({ atMs }) => atMs <= this.nowMs);
      this.#waiting = this.#waiting.filter(({ atMs }) => atMs > this.nowMs);
      for (const { wake } of due) wake();
      await settled();
    }
  }
}

/** Lets everything run that waits for nobody. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

/** The ledger of one project in memory, by the rules of the real one; all accounts have tokens. */
export class MemoryLedger implements LedgerService {
  readonly calls: string[] = [];
  readonly #reservations = new Map<
    string,
    { entries: readonly LedgerEntry[]; left: PartlyKnownAmounts; closed: boolean }
  >();
  readonly #settled = new Map<string, Settlement>();
  isAway = false;
  forMs = 30_000;
  /** Holds back answers; resolves when the test says so. */
  gate: Promise<void> = Promise.resolve();

  sums(account: string): { readonly spent: number; readonly reserved: number } {
    let [spent, reserved] = [0, 0];
    for (const { entries, left } of this.#reservations.values())
      if (entries.some((each) => each.account === account)) reserved += left.tokens ?? 0;
    for (const { entries, actual } of this.#settled.values())
      if (entries.some((each) => each.account === account)) spent += actual.tokens ?? 0;
    return { spent, reserved };
  }

  async #call(name: string): Promise<void> {
    this.calls.push(name);
    await this.gate;
    if (this.isAway) throw new Error("away");
  }

  async reserve(request: Parameters<LedgerService["reserve"]>[0]): Promise<ReserveOutcome> {
    const { id, entries, atMost, wanted, onlyWithSpare } = request;
    await this.#call("reserve");
    const states = entries.map(({ budget, account, limit }) => {
      const { spent, reserved } = this.sums(account);
      return {
        budget,
        account,
        metric: "tokens" as const,
        limit: limit.tokens ?? 0,
        spent,
        reserved,
        resetsAtMs: 0,
        windowMs: 0,
        blocking: true,
      };
    });
    const refusal = states.find(({ limit, spent, reserved }) => spent + reserved + (atMost.tokens ?? 0) > limit);
    if (refusal !== undefined) return { ok: false, refusal, asked: atMost.tokens ?? 0, accounts: states };
    const spare = spareTimes({ atMost, wanted, forMs: this.forMs, limits: states });
    if (spare === 0 && onlyWithSpare === true) return { ok: true, accounts: states, spare, forMs: this.forMs };
    this.#reservations.set(id, { entries, left: timesAmounts(atMost, 1 + spare), closed: false });
    return { ok: true, accounts: states, spare, forMs: this.forMs };
  }

  async settle(settlement: Settlement): Promise<void> {
    await this.#call("settle");
    this.take(settlement);
  }

  take(settlement: Settlement): void {
    if (this.#settled.has(settlement.id)) return;
    this.#settled.set(settlement.id, settlement);
    for (const { reservation, amounts } of settlement.held) this.#free(reservation, amounts);
  }

  async giveBack(id: string, amounts: PartlyKnownAmounts): Promise<void> {
    await this.#call("giveBack");
    const known = this.#reservations.get(id);
    if (known === undefined || known.closed) return;
    known.closed = true;
    this.#free(id, amounts);
  }

  #free(id: string, amounts: PartlyKnownAmounts): void {
    const known = this.#reservations.get(id);
    if (known === undefined) return;
    const all = amounts.tokens === Number.MAX_SAFE_INTEGER;
    known.left = eachMetric((metric) => (all ? 0 : (known.left[metric] ?? 0) - (amounts[metric] ?? 0)));
    // Freed twice, or more than was held: the real one would let it be, this one tells.
    if (Object.values(known.left).some((left) => left !== null && left < 0)) throw new Error("more than was held");
  }

  async post(): Promise<void> {
    throw new Error("the outbox posts, not the gateway");
  }

  async usage(): Promise<readonly []> {
    return [];
  }

  audit(): Promise<never> {
    throw new Error("not asked by a gateway");
  }
}

let ids = 0;

/** An isolate's advances before that ledger; several may share it. */
export function isolate(limits: Readonly<Record<string, number>>, time = new Time(), ledger = new MemoryLedger()) {
  const behind: Promise<unknown>[] = [];
  const deps = {
    ledger: () => ledger,
    pause: (delayMs: number) => time.pause(delayMs),
    nowMs: () => time.nowMs,
    newReservationId: () => `rsv_${++ids}`,
    log: () => undefined,
  };
  const advances = new IsolateAdvances(deps);
  const request = (accounts: readonly string[], atMost = tokens(100)): HoldRequest => {
    const entries = accounts.map((account) => entry(account, limits[account] ?? 0));
    const key = accounts.join();
    const pool = advances.pool(key, () => ({ ledgerName: project.id, project, entries }));
    return { pool, amounts: atMost, ttlMs: 60_000, keepAlive: (work) => void behind.push(work) };
  };
  const hold = async (accounts: readonly string[], atMost?: PartlyKnownAmounts): Promise<HoldOutcome> =>
    advances.hold(request(accounts, atMost));
  /** Begins an exchange; undefined = it was refused. */
  const begin = async (id: string, accounts: readonly string[], atMost?: PartlyKnownAmounts) => {
    const asked = request(accounts, atMost);
    const outcome = await advances.hold(asked);
    return outcome.ok
      ? new Reservation({ exchangeId: id, request: asked, parts: outcome.parts }, { ...deps, advances })
      : undefined;
  };
  /** Ends it, as the pipeline does: now, or by way of an outbox. */
  const end = async (reservation: Reservation, took: number, outbox: Settlement[] = []): Promise<boolean> => {
    const due = reservation.end(tokens(took));
    if (due.isUrgent) await reservation.settle(due);
    else outbox.push(due.settlement);
    return due.isUrgent;
  };
  return { time, ledger, advances, deps, request, hold, begin, end, behind };
}

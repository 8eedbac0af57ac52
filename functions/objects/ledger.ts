import { DurableObject } from "cloudflare:workers";
import {
  type LedgerAudit,
  type LedgerEntry,
  type LedgerProject,
  ledgerRootOf,
  type LedgerService,
  type LedgerUsage,
  type PartlyKnownAmounts,
  type Posting,
  type ReserveOutcome,
  type ReserveRequest,
  type Settlement,
} from "@millrace/core/ledger";
import { errorFields } from "@millrace/core/log";
import { alertSettings, type FunctionsEnv } from "../config.ts";
import { log } from "../log.ts";
import { AlertDesk } from "./ledger/alert-desk.ts";
import { deliverAlert } from "./ledger/deliver-alert.ts";
import { ASSUMED_RETENTION_MS, LedgerBook } from "./ledger/ledger-book.ts";
import { LedgerKeeper } from "./ledger/ledger-keeper.ts";
import type { LedgerRoot } from "./ledger/ledger-root.ts";
import { LEDGER_SCHEMA } from "./ledger/ledger-schema.ts";
import { type LeaseOutcome, type LeaseRequest, RootLeases } from "./ledger/root-leases.ts";
import { REPORT_MS, ShardGrants } from "./ledger/shard-grants.ts";

/** The least time between two alarms: what is due in the past must not become a busy loop. Milliseconds. */
const MIN_ALARM_MS = 250;
const CLOSE_LEASES_MS = ASSUMED_RETENTION_MS + 3_600_000;

/** Each account once: many exchanges of one posting are about the same. */
function distinct(entries: readonly LedgerEntry[]): readonly LedgerEntry[] {
  return [...new Map(entries.map((entry) => [`${entry.budget}\n${entry.account}`, entry])).values()];
}

/**
 * The exact account of one project's spend. Named by the project's id: the root, which knows every limit; or `<project>#<n>`: a shard, which spends
 * what the root has leased to it. All that decides and all that writes is synchronous SQL between two messages; the platform holds every answer
 * back until what it rests on is on disk.
 */
export class Ledger extends DurableObject<FunctionsEnv> implements LedgerService, LedgerRoot {
  readonly #book: LedgerBook;
  readonly #keeper: LedgerKeeper;
  readonly #alerts: AlertDesk;
  readonly #leases: RootLeases;
  readonly #grants: ShardGrants | undefined;
  /** A cache of the alarm that is set; undefined when that is not known. */
  #alarmAtMs: number | undefined;

  constructor(ctx: DurableObjectState, env: FunctionsEnv) {
    super(ctx, env);
    const { sql } = ctx.storage;
    sql.exec(LEDGER_SCHEMA);
    const nowMs = Date.now;
    this.#book = new LedgerBook(ctx.storage, { nowMs });
    this.#keeper = new LedgerKeeper(sql, this.#book, { nowMs });
    this.#leases = new RootLeases(sql, this.#book, nowMs);
    this.#alerts = new AlertDesk(sql, this.#book, {
      nowMs,
      newId: () => `alr_${crypto.randomUUID().replaceAll("-", "")}`,
      deliver: (alert) =>
        deliverAlert(alert, { ...alertSettings(this.env), nowMs, fetch: (input, init) => fetch(input, init) }),
      log,
    });
    const root = ledgerRootOf(ctx.id.name ?? "");
    this.#grants =
      root === undefined
        ? undefined
        : new ShardGrants(sql, this.#book, {
            nowMs,
            shard: () => ctx.id.name ?? "",
            project: () => this.#project(),
            root: () => this.env.LEDGER.getByName(root),
          });
  }

  async reserve(request: ReserveRequest): Promise<ReserveOutcome> {
    if (this.#grants === undefined) return this.#answer(request, this.#book.reserve(request));
    this.#remember(request.project);
    // Asked again, it holds its part of the grants already.
    if (this.#book.reservation(request.id) !== undefined) return this.#book.reserve(request, 0);
    return this.#answer(request, await this.#grants.within(request, (spare) => this.#book.reserve(request, spare)));
  }

  async settle(settlement: Settlement): Promise<void> {
    this.#trackUnreserved(settlement);
    if (this.#book.settle(settlement)) this.#settled(settlement.project, settlement.entries);
  }

  async post(posting: Posting): Promise<void> {
    const { settled, setAside } = this.#book.post(posting, (settlement) => this.#trackUnreserved(settlement));
    for (const { id, error } of setAside)
      log("error", "settlement-set-aside", { trace_id: id, outbox: posting.outbox, ...errorFields(error) });
    const [first] = settled;
    if (first !== undefined)
      this.#settled(
        first.project,
        settled.flatMap(({ entries }) => entries),
      );
  }

  async giveBack(id: string, amounts: PartlyKnownAmounts): Promise<void> {
    this.#book.giveBack(id, amounts);
    this.#wakeAfterWork();
  }

  /** The root's answer to a shard. @throws Error for a request that was overtaken by a later one of the same shard. */
  async lease(request: LeaseRequest): Promise<LeaseOutcome> {
    const outcome = this.#leases.grant(request);
    const entries = request.asks.map(({ entry }) => entry);
    if (this.#alerts.note(request.project, entries, outcome.ok ? undefined : outcome.refusal)) this.#wakeBy(Date.now());
    else this.#wakeAfterWork();
    return outcome;
  }

  /** What a shard tells the root. @throws Error as `lease` does. */
  async told(request: LeaseRequest): Promise<void> {
    this.#leases.note(request);
    const entries = request.asks.map(({ entry }) => entry);
    if (this.#alerts.note(request.project, entries)) this.#wakeBy(Date.now());
    else this.#wakeAfterWork();
  }

  async usage(query: {
    readonly budget?: string | undefined;
    readonly limit: number;
  }): Promise<readonly LedgerUsage[]> {
    return this.#book.accounts.usage(query, Date.now());
  }

  async audit(): Promise<LedgerAudit> {
    return this.#keeper.audit();
  }

  override async alarm(): Promise<void> {
    this.#alarmAtMs = undefined;
    try {
      await this.#grants?.report();
    } catch (error) {
      // The root holds what this shard may have spent until it hears more; the next alarm tells it.
      log("warn", "ledger-report-failed", errorFields(error));
      this.#wakeBy(Date.now() + REPORT_MS);
    }
    const more = this.#keeper.keep();
    this.#leases.closeOver(CLOSE_LEASES_MS);
    await this.#alerts.deliverDue();
    this.#wakeBy(more ? Date.now() : undefined);
  }

  /** What was never reserved here, as while the ledger was away, a shard's root hears of only through a grant. */
  #trackUnreserved({ project, held, entries }: Settlement): void {
    if (this.#grants === undefined) return;
    this.#remember(project);
    if (held.length === 0) this.#grants.track(entries);
  }

  #settled(project: LedgerProject, entries: readonly LedgerEntry[]): void {
    if (this.#grants === undefined && this.#alerts.note(project, distinct(entries))) this.#wakeBy(Date.now());
    else this.#wakeAfterWork();
  }

  #answer(request: Pick<ReserveRequest, "project" | "entries">, outcome: ReserveOutcome): ReserveOutcome {
    const noted =
      !outcome.ok && this.#grants === undefined && this.#alerts.note(request.project, request.entries, outcome.refusal);
    if (noted) this.#wakeBy(Date.now());
    else this.#wakeAfterWork();
    return outcome;
  }

  #wakeAfterWork(): void {
    this.#wakeBy(this.#grants === undefined ? undefined : Date.now() + REPORT_MS);
  }

  /** Sets the alarm to the earliest of what is due and `atMs`; an alarm that is early enough already is left alone. */
  #wakeBy(atMs: number | undefined): void {
    if (this.#alarmAtMs !== undefined && (atMs === undefined || this.#alarmAtMs <= atMs)) return;
    const due = [atMs, this.#keeper.nextDueMs(), this.#alerts.nextDueMs(), this.#grants?.nextDueMs()];
    const earliest = Math.min(...due.map((each) => each ?? Number.POSITIVE_INFINITY));
    if (!Number.isFinite(earliest)) return;
    const alarmAtMs = Math.max(earliest, Date.now() + MIN_ALARM_MS);
    if (this.#alarmAtMs !== undefined && this.#alarmAtMs <= alarmAtMs) return;
    this.#alarmAtMs = alarmAtMs;
    this.ctx.waitUntil(this.ctx.storage.setAlarm(alarmAtMs));
  }

  #remember(project: LedgerProject): void {
    this.ctx.storage.sql.exec(
      "insert into meta (name, value) values ('project', ?) on conflict (name) do nothing",
      JSON.stringify(project),
    );
  }

  #project(): LedgerProject {
    const row = this.ctx.storage.sql.exec<{ value: string }>("select value from meta where name = 'project'").one();
    return JSON.parse(row.value) as LedgerProject;
  }
}

import { type KeyTrouble, worseTrouble } from "@millrace/core/routing";
import type { KeyNews, KeyState, PlaceLease } from "./health-service.ts";

/** A lease is not used in its last moments: clocks differ, and a call must not begin on a place that is being given away. */
const LEASE_MARGIN_MS = 5_000;

/** What one isolate knows of one key, or of one key's limit for one model. */
export class KeyRecord {
  readonly id: string;
  trouble: KeyTrouble | undefined;
  /** The one call that finds out whether a troubled key is well again is under way. */
  isProbing = false;
  inFlight = 0;
  /** Requests that are asking for a place. */
  asking = 0;
  isOfInterest = false;
  /** Absent until the key's provider turns out to have a cap. */
  #lease: PlaceLease | undefined;
  #isCapped = false;
  /** The shared state was away: until then the isolate keeps the cap by itself. */
  #aloneUntilMs = 0;
  #peak = 0;
  #newTrouble: KeyTrouble | null | undefined;
  /** Counts what was asked about places, so that an answer older than a giving back is known as such. */
  #order = 0;
  #gaveBackAt = 0;
  #grewAt = 0;

  constructor(id: string) {
    this.id = id;
  }

  /** Whether a call may use it now. A troubled key whose time is up is tried by one call at a time. */
  isUsable(nowMs: number): boolean {
    return this.trouble === undefined || (nowMs >= this.trouble.untilMs && !this.isProbing);
  }

  hasPlace(cap: number, nowMs: number): boolean {
    this.#isCapped = true;
    if (nowMs < this.#aloneUntilMs) return this.inFlight < cap;
    return (
      this.#lease !== undefined && nowMs < this.#lease.untilMs - LEASE_MARGIN_MS && this.inFlight < this.#lease.places
    );
  }

  /** A call begins. @returns whether it is the one that finds out how a troubled key is. */
  enter(): boolean {
    this.inFlight++;
    this.#peak = Math.max(this.#peak, this.inFlight);
    const isProbe = this.trouble !== undefined;
    this.isProbing ||= isProbe;
    return isProbe;
  }

  leave(wasProbe: boolean): void {
    this.inFlight--;
    if (wasProbe) this.isProbing = false;
  }

  addTrouble(trouble: KeyTrouble): void {
    this.trouble = worseTrouble(this.trouble, trouble);
    this.#newTrouble = this.trouble;
  }

  /** A call succeeded. One that was sent before the trouble says nothing about it. @returns whether that is news. */
  addSuccess(wasProbe: boolean): boolean {
    if (this.trouble === undefined || !wasProbe) return false;
    this.trouble = undefined;
    this.#newTrouble = null;
    return true;
  }

  /** What to report. Places beyond the most that were in use since the last report are given back with it, and not used from here on. */
  takeNews(): KeyNews & { readonly order: number } {
    const trouble = this.#newTrouble;
    this.#newTrouble = undefined;
    this.isOfInterest = false;
    this.#order++;
    if (!this.#isCapped || this.#lease === undefined) return { trouble, places: undefined, order: this.#order };
    const places = Math.min(this.#lease.places, Math.max(this.#peak, this.inFlight));
    this.#peak = this.inFlight;
    this.#gaveBackAt = this.#order;
    this.#lease = { ...this.#lease, places };
    return { trouble, places, order: this.#order };
  }

  /** The report did not arrive. Places stay given back: whether they are is not known. */
  returnNews(news: KeyNews): void {
    this.#newTrouble ??= news.trouble;
    this.isOfInterest = true;
  }

  learn({ trouble, lease }: KeyState, order: number): void {
    // What was seen since is newer than the answer.
    if (this.#newTrouble === undefined) this.trouble = trouble;
    if (this.#lease === undefined || this.#grewAt > order) return;
    this.#lease = lease && { places: Math.min(lease.places, this.#lease.places), untilMs: lease.untilMs };
  }

  /** The number of a request for places. */
  nextOrder(): number {
    return ++this.#order;
  }

  /** Places only ever grow by asking, so an answer counts unless places were given back after the question. */
  grow(lease: PlaceLease, { order, nowMs }: { readonly order: number; readonly nowMs: number }): void {
    if (order < this.#gaveBackAt) return;
    this.#grewAt = Math.max(this.#grewAt, order);
    const held = this.#lease !== undefined && nowMs < this.#lease.untilMs ? this.#lease : undefined;
    // Of two answers to questions that overlapped, either is what the object had granted by then.
    this.#lease = {
      places: Math.max(lease.places, held?.places ?? 0),
      untilMs: Math.max(lease.untilMs, held?.untilMs ?? 0),
    };
  }

  goAloneUntil(untilMs: number): void {
    this.#aloneUntilMs = untilMs;
  }
}

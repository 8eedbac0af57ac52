import type { BudgetWindow } from "../contract/index.ts";

/** A piece of a window in which amounts are added up; they count until `expiresAtMs`. */
export interface WindowSlot {
  readonly startMs: number;
  readonly expiresAtMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * Pieces of a rolling window. An amount leaves the window up to 1/256 of its length late, never early, so that no true window of that length
 * ever holds more than the limit, and an account never has more than 257 rows.
 */
export const ROLLING_SLOTS = 256;

/** One formatter for each zone: making one costs a hundred times what using it does. The world has a few hundred zones. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formatters.set(timeZone, formatter);
  }
  return formatter;
}

/** What the clock on the wall is ahead of UTC at an instant, in milliseconds. */
function offsetMs(timeZone: string, atMs: number): number {
  if (timeZone === "UTC") return 0;
  const parts = { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
  for (const { type, value } of formatterOf(timeZone).formatToParts(atMs)) {
    if (Object.hasOwn(parts, type)) parts[type as keyof typeof parts] = Number(value);
  }
  const wall = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second);
  return wall - Math.floor(atMs / 1000) * 1000;
}

/** The first instant at which the wall shows `wallMs`; where a clock change skips it, the instant that it would have been without the change. */
function instantOf(timeZone: string, wallMs: number): number {
  const before = offsetMs(timeZone, wallMs - DAY_MS);
  const after = offsetMs(timeZone, wallMs + DAY_MS);
  const instants = [wallMs - before, wallMs - after].filter((at) => at + offsetMs(timeZone, at) === wallMs);
  return instants.length === 0 ? wallMs - before : Math.min(...instants);
}

type CalendarWindow = Extract<BudgetWindow, { kind: "calendar" }>;

/** First wall-clock midnights of the window that holds a wall-clock time, and of the next. */
function wallBounds(unit: "day" | "week" | "month", wallMs: number): readonly [number, number] {
  const wall = new Date(wallMs);
  const [year, month, day] = [wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate()];
  if (unit === "month") return [Date.UTC(year, month, 1), Date.UTC(year, month + 1, 1)];
  if (unit === "day") return [Date.UTC(year, month, day), Date.UTC(year, month, day + 1)];
  const sinceMonday = (wall.getUTCDay() + 6) % 7;
  return [Date.UTC(year, month, day - sinceMonday), Date.UTC(year, month, day - sinceMonday + 7)];
}

function calendarSlot({ unit, time_zone: timeZone }: CalendarWindow, nowMs: number): WindowSlot {
  const offset = offsetMs(timeZone, nowMs);
  if (unit === "minute" || unit === "hour") {
    const lengthMs = unit === "minute" ? MINUTE_MS : HOUR_MS;
    const startMs = Math.floor((nowMs + offset) / lengthMs) * lengthMs - offset;
    return { startMs, expiresAtMs: startMs + lengthMs };
  }
  const [from, to] = wallBounds(unit, nowMs + offset);
  return { startMs: instantOf(timeZone, from), expiresAtMs: instantOf(timeZone, to) };
}

/**
 * The slot that an amount of this instant is booked in. A calendar window is one slot; days, weeks and months are those of the time zone's wall
 * clock, 23 or 25 hours long where the clock changes.
 */
export function windowSlot(window: BudgetWindow, nowMs: number): WindowSlot {
  if (window.kind === "calendar") return calendarSlot(window, nowMs);
  const lengthMs = window.seconds * 1000;
  const slotMs = Math.max(1, Math.floor(lengthMs / ROLLING_SLOTS));
  const startMs = Math.floor(nowMs / slotMs) * slotMs;
  return { startMs, expiresAtMs: startMs + slotMs + lengthMs };
}

/** When amounts of this instant's slot begin to be booked in the next one. */
export function slotEndMs(window: BudgetWindow, slot: WindowSlot): number {
  return window.kind === "calendar" ? slot.expiresAtMs : slot.expiresAtMs - window.seconds * 1000;
}

/** How long a window is, for deciding whether waiting for it is a matter of patience; a month counts as 30 days. */
export function windowLengthMs(window: BudgetWindow): number {
  if (window.kind === "rolling") return window.seconds * 1000;
  return { minute: MINUTE_MS, hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS }[window.unit];
}

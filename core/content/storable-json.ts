import type { JsonObject, JsonValue } from "../contract/json-value.ts";

/**
 * PostgreSQL refuses two things that JSON and callers allow: U+0000 in `text` and `jsonb` (SQLSTATE 22P05), and a surrogate
 * without its partner. Both occur in real traffic (binary pasted into a prompt, a stream cut inside an emoji).
 *
 * The storable form writes each such code unit as U+FDD0 and its four hex digits. U+FDD0 is a noncharacter that Unicode
 * sets aside for internal use (The Unicode Standard, section 23.7); where it occurs itself it is escaped in the same way,
 * so the form is reversible for every string. Text without any of the three is stored as it is.
 */
const ESCAPE = "\uFDD0";
/** The escape itself, and surrogates: with the `u` flag they match only where they stand alone. */
const NEEDS_ESCAPE = /[\uFDD0\p{Cs}]/gu;
const ESCAPED = /\uFDD0([0-9a-f]{4})/g;
/** In JSON text: an escaped NUL, an escaped lone surrogate (JSON.stringify writes pairs as they are), or the escape itself. */
const MAY_BE_UNSTORABLE = /\\u0000|\\ud[89a-f]|\uFDD0/;

/** @see fromStorableText for the way back */
export function toStorableText(text: string): string {
  return text
    .replace(NEEDS_ESCAPE, (unit) => ESCAPE + unit.charCodeAt(0).toString(16))
    .replaceAll("\0", `${ESCAPE}0000`);
}

export function fromStorableText(text: string): string {
  if (!text.includes(ESCAPE)) return text;
  return text.replace(ESCAPED, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Any JSON value as text that PostgreSQL accepts as `jsonb`; keys and strings in the storable form. */
export function storableJson(value: unknown): string {
  const text = JSON.stringify(value);
  return MAY_BE_UNSTORABLE.test(text) ? JSON.stringify(mapText(JSON.parse(text) as JsonValue, toStorableText)) : text;
}

/** The value that was stored; use it on everything that is read out of a trace's columns. */
export function fromStorable<T>(value: T): T {
  return JSON.stringify(value)?.includes(ESCAPE) === true
    ? (mapText(value as JsonValue, fromStorableText) as T)
    : value;
}

function mapText(value: JsonValue, map: (text: string) => string): JsonValue {
  if (typeof value === "string") return map(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => mapText(item, map));
  // Entries, not assignment: a caller's key may be `__proto__`.
  const entries = Object.entries(value).map(([key, item]) => [map(key), mapText(item, map)] as const);
  return Object.fromEntries(entries) satisfies JsonObject;
}

import { z } from "zod";
import { toHex } from "./hex.ts";

/** What each identifier names. The prefix makes a pasted id speak for itself in a log or a ticket. */
export const idPrefixes = {
  project: "prj",
  environment: "env",
  key: "key",
  prompt: "prm",
  version: "ver",
  labelMove: "mov",
  model: "mdl",
  provider: "prv",
  budget: "bgt",
  price: "prc",
  trace: "trc",
  span: "spn",
  bundle: "bdl",
  outbox: "out",
  audit: "aud",
  completion: "chatcmpl",
  file: "file",
  batch: "batch",
} as const;

export type IdKind = keyof typeof idPrefixes;
export type Id<K extends IdKind> = `${(typeof idPrefixes)[K]}_${string}`;

/** What an id is made of; injected so that the same inputs give the same id. */
export interface IdSource {
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** At least 10 random bytes. */
  readonly random: Uint8Array;
}

/**
 * A prefixed UUIDv7 (RFC 9562, section 5.7) without hyphens: sortable by creation time, unique without coordination.
 * @throws RangeError when fewer than 10 random bytes are given.
 */
export function newId<K extends IdKind>(kind: K, source: IdSource): Id<K> {
  if (source.random.length < 10) throw new RangeError("an id needs 10 random bytes");
  const bytes = new Uint8Array(16);
  let ms = source.nowMs;
  for (let i = 5; i >= 0; i--) {
    bytes[i] = ms % 256;
    ms = Math.floor(ms / 256);
  }
  bytes.set(source.random.subarray(0, 10), 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return `${idPrefixes[kind]}_${toHex(bytes)}`;
}

/** A zod schema for the ids of one kind. */
export function idSchema<K extends IdKind>(kind: K) {
  return z
    .string()
    .regex(new RegExp(`^${idPrefixes[kind]}_[0-9a-f]{32}$`), `expected ${idPrefixes[kind]}_<32 hex digits>`)
    .transform((value) => value as Id<K>);
}

/** The creation time of an id, in milliseconds since the epoch. */
export function idTimeMs(id: string): number {
  return Number.parseInt(id.slice(id.indexOf("_") + 1).slice(0, 12), 16);
}

/** Lower-case names of projects, prompts, labels, models' owners: safe in a URL, a file name and a header. */
export const slugSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "use 1–63 lower-case letters, digits and inner hyphens");

/** SHA-256 in lower-case hex. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 hex digits");

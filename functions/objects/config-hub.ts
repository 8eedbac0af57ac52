import { DurableObject } from "cloudflare:workers";
import {
  type BundlePointer,
  bundlePointerSchema,
  type ConfigHubService,
  MillraceError,
  type PublishOutcome,
  toHex,
} from "@millrace/core/contract";

/** A SQLite value may hold 2 MB; half of it leaves room for the row. */
const MAX_PART_BYTES = 1_000_000;
/** The current bundle, and two that isolates on an older pointer may still ask for. */
const KEPT_BUNDLES = 3;

/**
 * One object per environment: the mutable pointer and its own copy of the last bundles. Publishing is a compare-and-set on
 * the epoch inside one synchronous transaction, so that of two concurrent publishers exactly one wins.
 */
export class ConfigHub extends DurableObject implements ConfigHubService {
  readonly #sql: SqlStorage;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#sql.exec(`
      create table if not exists pointer (one integer primary key check (one = 1), epoch integer not null, json text not null);
      create table if not exists bundle (hash text primary key, epoch integer not null) without rowid;
      create table if not exists bundle_part (hash text, part integer, bytes blob not null, primary key (hash, part)) without rowid;
    `);
  }

  async current(): Promise<BundlePointer | null> {
    return this.#pointer();
  }

  async bundle(hash: string): Promise<string | null> {
    const parts = this.#sql.exec<{ bytes: ArrayBuffer }>(
      "select bytes from bundle_part where hash = ? order by part",
      hash,
    );
    // One decoder for all parts: a character may lie across their border.
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    let json = "";
    let found = false;
    for (const { bytes } of parts) {
      json += decoder.decode(bytes, { stream: true });
      found = true;
    }
    return found ? json + decoder.decode() : null;
  }

  /** @throws MillraceError `invalid-request` when the bytes do not have the pointer's hash, or the pointer is another environment's */
  async publish(pointer: BundlePointer, bundleJson: string): Promise<PublishOutcome> {
    const parsed = bundlePointerSchema.safeParse(pointer);
    if (!parsed.success) throw new MillraceError("invalid-request", { message: "the pointer does not fit its schema" });
    const next = parsed.data;
    const bytes = new TextEncoder().encode(bundleJson);
    if ((await sha256OfBytes(bytes)) !== next.hash) {
      throw new MillraceError("invalid-request", { message: "the bundle does not have the hash of its pointer" });
    }
    return this.ctx.storage.transactionSync(() => this.#compareAndSet(next, bytes));
  }

  #compareAndSet(next: BundlePointer, bytes: Uint8Array): PublishOutcome {
    const current = this.#pointer();
    if (current !== null && current.environmentId !== next.environmentId) {
      throw new MillraceError("invalid-request", { message: "this hub belongs to another environment" });
    }
    if (current !== null && next.epoch <= current.epoch) {
      const same = next.epoch === current.epoch && next.hash === current.hash;
      return same ? { ok: true } : { ok: false, currentEpoch: current.epoch };
    }
    this.#store(next, bytes);
    return { ok: true };
  }

  #store(next: BundlePointer, bytes: Uint8Array): void {
    for (let part = 0; part * MAX_PART_BYTES < bytes.length; part++) {
      const slice = bytes.slice(part * MAX_PART_BYTES, (part + 1) * MAX_PART_BYTES);
      this.#sql.exec("insert or replace into bundle_part values (?, ?, ?)", next.hash, part, slice.buffer);
    }
    this.#sql.exec("insert or replace into bundle values (?, ?)", next.hash, next.epoch);
    this.#sql.exec("insert or replace into pointer values (1, ?, ?)", next.epoch, JSON.stringify(next));
    this.#sql.exec(
      "delete from bundle where hash not in (select hash from bundle order by epoch desc limit ?)",
      KEPT_BUNDLES,
    );
    this.#sql.exec("delete from bundle_part where hash not in (select hash from bundle)");
  }

  #pointer(): BundlePointer | null {
    for (const { json } of this.#sql.exec<{ json: string }>("select json from pointer")) {
      return bundlePointerSchema.parse(JSON.parse(json));
    }
    return null;
  }
}

/** The platform's own SHA-256: a bundle may have megabytes, and the object answers nobody else meanwhile. */
async function sha256OfBytes(bytes: Uint8Array): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

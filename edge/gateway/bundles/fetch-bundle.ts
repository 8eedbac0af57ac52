import type { Bundle, BundlePointer, ConfigHubService } from "@millrace/core/contract";
import type { HeldBundle } from "./held-bundle.ts";
import { BundleRefused, openBundle, type VerifyPointer } from "./verify-bundle.ts";

export interface FetchBundleDeps {
  readonly hub: (environmentId: string) => Pick<ConfigHubService, "current" | "bundle">;
  /** Text of a KV entry, or null. */
  readonly readStored: (key: string, options: { readonly immutable: boolean }) => Promise<string | null>;
  readonly verifyPointer: VerifyPointer;
  readonly nowMs: () => number;
}

/** KV first: it is near. The hub keeps its own copy, because a place that looked too early remembers the absence for a minute. */
async function readBundle(pointer: BundlePointer, deps: FetchBundleDeps): Promise<Bundle> {
  const stored = await deps.readStored(`bundle:${pointer.hash}`, { immutable: true }).catch(() => null);
  if (stored !== null) {
    try {
      return await openBundle(pointer, stored);
    } catch (error) {
      if (!(error instanceof BundleRefused)) throw error;
    }
  }
  const kept = await deps.hub(pointer.environmentId).bundle(pointer.hash);
  if (kept === null) throw new Error("the bundle is neither in KV nor in the hub");
  return openBundle(pointer, kept);
}

/**
 * Asks the hub what is current. A pointer with an older epoch than the held one is a replay and changes nothing.
 * @returns null when the hub knows no such environment.
 * @throws when the hub is away, or what it gave was refused.
 */
export async function fetchCurrent(
  environmentId: string,
  held: HeldBundle | undefined,
  deps: FetchBundleDeps,
): Promise<HeldBundle | null> {
  const current = await deps.hub(environmentId).current();
  if (current === null) return null;
  if (held !== undefined && held.pointer.epoch === current.epoch && held.pointer.hash === current.hash) {
    return { ...held, confirmedAtMs: deps.nowMs() };
  }
  const pointer = await deps.verifyPointer(environmentId, current);
  if (held !== undefined && pointer.epoch < held.pointer.epoch) return held;
  const bundle = held?.pointer.hash === pointer.hash ? held.bundle : await readBundle(pointer, deps);
  return { bundle, pointer, confirmedAtMs: deps.nowMs() };
}

/** For an isolate that starts while the hub is away: the last pointer that KV saw. As old as KV is, hence never confirmed. */
export async function fetchLastKnown(environmentId: string, deps: FetchBundleDeps): Promise<HeldBundle | null> {
  const text = await deps.readStored(`pointer:${environmentId}`, { immutable: false });
  if (text === null) return null;
  const pointer = await deps.verifyPointer(environmentId, JSON.parse(text));
  return { bundle: await readBundle(pointer, deps), pointer, confirmedAtMs: 0 };
}

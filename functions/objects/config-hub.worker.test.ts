import { env } from "cloudflare:workers";
import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { sha256Hex } from "@millrace/core/content";
import type { BundlePointer } from "@millrace/core/contract";
import type { FunctionsEnv } from "../config.ts";
import type { ConfigHub } from "./config-hub.ts";

const { CONFIG_HUB } = env as unknown as FunctionsEnv;
const environmentId = "env_a";
const hub = () => CONFIG_HUB.getByName(environmentId);
const pointer = (epoch: number, json: string, fields: Partial<BundlePointer> = {}): BundlePointer => ({
  environmentId,
  epoch,
  hash: sha256Hex(json),
  signature: `signature-${epoch}`,
  publishedAtMs: 1,
  ...fields,
});
const publish = (epoch: number, json: string) => hub().publish(pointer(epoch, json), json);

/** Inside the object: a rejection that crosses to the test counts as unhandled on the object's side. */
const refusal = (next: BundlePointer, json: string) =>
  runInDurableObject(hub(), async (instance: ConfigHub) => {
    try {
      await instance.publish(next, json);
      return "accepted";
    } catch (error) {
      return String(error);
    }
  });

describe("ConfigHub", () => {
  afterEach(async () => reset());

  it("knows nothing at first, and says so", async () => {
    expect(await hub().current()).toBeNull();
    expect(await hub().bundle("0".repeat(64))).toBeNull();
  });

  it("moves forward only, and tells a late publisher where it stands", async () => {
    expect(await publish(3, "three")).toEqual({ ok: true });
    expect(await publish(2, "two")).toEqual({ ok: false, currentEpoch: 3 });
    expect(await publish(3, "other")).toEqual({ ok: false, currentEpoch: 3 });
    expect(await publish(7, "seven")).toEqual({ ok: true });
    expect(await hub().current()).toEqual(pointer(7, "seven"));
    expect(await hub().bundle(sha256Hex("two"))).toBeNull();
  });

  it("takes the same pointer again without complaint", async () => {
    await publish(1, "one");
    expect(await publish(1, "one")).toEqual({ ok: true });
    expect(await hub().bundle(sha256Hex("one"))).toBe("one");
  });

  it("lets exactly one of many concurrent publishers have an epoch, and serves that one's bundle", async () => {
    const bundles = Array.from({ length: 20 }, (_, index) => `bundle ${index}`);
    const outcomes = await Promise.all(bundles.map((json) => publish(1, json)));
    expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(1);
    const winner = bundles[outcomes.findIndex((outcome) => outcome.ok)] ?? "";
    const current = await hub().current();
    expect(current?.hash).toBe(sha256Hex(winner));
    expect(await hub().bundle(current?.hash ?? "")).toBe(winner);
  });

  it("returns a bundle of several megabytes whole, a character on the border of two parts included", async () => {
    const json = JSON.stringify("é🙂".repeat(600_000));
    await publish(1, json);
    expect(await hub().bundle(sha256Hex(json))).toBe(json);
  });

  it("keeps the last three bundles, and one that comes back counts as new", async () => {
    for (const [index, json] of ["a", "b", "c", "a", "d"].entries()) await publish(index + 1, json);
    const held = await Promise.all(["a", "b", "c", "d"].map((json) => hub().bundle(sha256Hex(json))));
    expect(held).toEqual(["a", null, "c", "d"]);
  });

  it("refuses bytes that are not what the pointer names, and another environment's pointer", async () => {
    expect(await refusal(pointer(1, "one"), "not one")).toMatch(/hash/);
    await publish(1, "one");
    expect(await refusal(pointer(2, "two", { environmentId: "env_b" }), "two")).toMatch(/environment/);
    expect(await hub().current()).toEqual(pointer(1, "one"));
  });

  it("remembers across an eviction", async () => {
    await publish(1, "one");
    await evictDurableObject(hub());
    expect(await hub().current()).toEqual(pointer(1, "one"));
    expect(await hub().bundle(sha256Hex("one"))).toBe("one");
  });
});

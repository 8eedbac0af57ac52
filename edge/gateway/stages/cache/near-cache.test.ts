import { describe, expect, it } from "vitest";
import type { AnswerCache, KeptAnswer } from "./index.ts";
import { NearCache } from "./near-cache.ts";

function world() {
  const clock = { nowMs: 1_000_000 };
  const kept = new Map<string, KeptAnswer>();
  const asked: string[] = [];
  const far: AnswerCache & { isAway: boolean } = {
    isAway: false,
    async get(key) {
      asked.push(key);
      if (far.isAway) throw new Error("away");
      return kept.get(key);
    },
    async put(key, text, ttlSeconds) {
      if (far.isAway) throw new Error("away");
      kept.set(key, { text, keptAtMs: clock.nowMs, expiresAtMs: clock.nowMs + ttlSeconds * 1000 });
    },
  };
  return { clock, kept, asked, far, near: new NearCache(far, () => clock.nowMs) };
}

describe("NearCache", () => {
  it("answers again what it has seen, without a call, and says how old it is", async () => {
    const { near, asked, clock } = world();
    await near.put("a", "answer", 60);
    clock.nowMs += 5_000;
    expect(await near.get("a")).toMatchObject({ text: "answer", keptAtMs: 1_000_000 });
    expect(asked).toEqual([]);
  });

  it("asks the other once for what another isolate has kept", async () => {
    const { near, far, asked } = world();
    await far.put("a", "answer", 60);
    expect((await near.get("a"))?.text).toBe("answer");
    expect((await near.get("a"))?.text).toBe("answer");
    expect(asked).toEqual(["a"]);
  });

  it("keeps nothing beyond its time, and no longer than the other", async () => {
    const { near, far, kept, clock } = world();
    await far.put("a", "answer", 60);
    clock.nowMs += 50_000;
    await near.get("a");
    clock.nowMs += 10_000;
    kept.clear();
    expect(await near.get("a")).toBeUndefined();
  });

  it("keeps what was put while an older answer was read", async () => {
    const { near, far, clock } = world();
    await far.put("a", "old", 60);
    const old = await far.get("a");
    const { promise, resolve } = Promise.withResolvers<typeof old>();
    far.get = () => promise;
    const reading = near.get("a");
    clock.nowMs += 1000;
    await near.put("a", "new", 60);
    resolve(old);
    await reading;
    expect((await near.get("a"))?.text).toBe("new");
  });

  it("holds so much, and forgets what was used least recently", async () => {
    const { near, asked } = world();
    const text = "x".repeat(60_000);
    for (let index = 0; index < 69; index++) await near.put(`${index}`, text, 60);
    await near.get("0");
    await near.put("69", text, 60);
    await near.get("0");
    expect(asked).toEqual([]);
    await near.get("1");
    expect(asked).toEqual(["1"]);
  });

  it("leaves what is too large to the other", async () => {
    const { near, asked } = world();
    await near.put("a", "x".repeat(100_000), 60);
    expect((await near.get("a"))?.text).toHaveLength(100_000);
    expect(asked).toEqual(["a"]);
  });

  it("serves on while the other is away", async () => {
    const { near, far } = world();
    await near.put("a", "answer", 60);
    far.isAway = true;
    expect((await near.get("a"))?.text).toBe("answer");
    await expect(near.get("b")).rejects.toThrow("away");
  });
});

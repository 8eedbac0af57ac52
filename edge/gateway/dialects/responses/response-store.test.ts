import type { ModelResponse } from "@millrace/core/contract";
import { newId } from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import { responseIdOf } from "./item-ids.ts";
import { ResponseStore, type StateBucket, type StoredResponse } from "./response-store.ts";

const DAY_MS = 24 * 3600 * 1000;
const bornMs = Date.UTC(2026, 10, 1);
const id = responseIdOf(newId("trace", { nowMs: bornMs, random: new Uint8Array(10) }));
const owner = { projectId: "prj_1", environmentId: "env_1" } as const;
const stored: StoredResponse = { schema: 1, response: { id, output: [] } as unknown as ModelResponse, items: [] };

function memory(): StateBucket & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    get: async (key) => kept.get(key),
    put: async (key, text) => kept.set(key, text),
    delete: async (key) => kept.delete(key),
  };
}

function storeOf(bucket: StateBucket, nowMs = bornMs): { store: ResponseStore; logged: string[] } {
  const logged: string[] = [];
  const store = new ResponseStore({ bucket, nowMs: () => nowMs, log: (_level, event) => logged.push(event) });
  return { store, logged };
}

describe("ResponseStore", () => {
  it("gives back what it was given, to its owner only", async () => {
    const { store } = storeOf(memory());
    expect(await store.write(owner, stored)).toBe(true);
    expect(await store.read(owner, id)).toEqual(stored);
    for (const other of [
      { ...owner, projectId: "prj_2" },
      { ...owner, environmentId: "env_2" },
    ]) {
      await expect(store.read(other, id)).rejects.toMatchObject({ code: "unknown-resource" });
      await expect(store.remove(other, id)).rejects.toMatchObject({ code: "unknown-resource" });
    }
    await store.remove(owner, id);
    await expect(store.read(owner, id)).rejects.toMatchObject({ code: "unknown-resource" });
  });

  it("finds nothing after thirty days, though the bytes are there", async () => {
    const bucket = memory();
    await storeOf(bucket).store.write(owner, stored);
    expect(await storeOf(bucket, bornMs + 30 * DAY_MS - 1).store.read(owner, id)).toEqual(stored);
    await expect(storeOf(bucket, bornMs + 30 * DAY_MS).store.read(owner, id)).rejects.toMatchObject({
      code: "unknown-resource",
    });
    expect(bucket.kept.size).toBe(1);
  });

  it.each(["", "resp_1", `../env_2/${id}`, `${id}/..`, id.toUpperCase(), `${id}.json`])(
    "takes %j for no id, and asks the bucket nothing",
    async (name) => {
      const { store } = storeOf({
        ...memory(),
        get: () => {
          throw new Error("asked");
        },
      });
      await expect(store.read(owner, name, "previous_response_id")).rejects.toMatchObject({
        code: "unknown-resource",
        param: "previous_response_id",
      });
    },
  );

  it("does not keep what is too large, and says so", async () => {
    const bucket = memory();
    const { store, logged } = storeOf(bucket);
    const items = [{ type: "message", content: "x".repeat(16 * 1024 * 1024) }];
    expect(await store.write(owner, { ...stored, items })).toBe(false);
    expect([bucket.kept.size, logged]).toEqual([0, ["response-too-large"]]);
  });

  it("is away when its bucket is: a read fails as such, a write loses the copy and never the answer", async () => {
    const away = (): Promise<never> => Promise.reject(new Error("away"));
    const { store, logged } = storeOf({ get: away, put: away, delete: away });
    await expect(store.read(owner, id)).rejects.toMatchObject({ code: "state-unavailable" });
    expect(await store.write(owner, stored)).toBe(false);
    expect(logged).toEqual(["response-not-stored"]);
  });
});

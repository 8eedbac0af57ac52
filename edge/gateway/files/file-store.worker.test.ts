import { env } from "cloudflare:workers";
import { newId } from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import { FileStore } from "./file-store.ts";

const { STATE } = env as unknown as { readonly STATE: R2Bucket };
const owner = { projectId: "prj_a", environmentId: "env_a" };

describe("a file with an end", () => {
  it("is gone when its time is over, from lists as well, and its bytes with the next question", async () => {
    let nowMs = 1_800_000_000_000;
    const files = new FileStore({ bucket: STATE, nowMs: () => nowMs });
    const id = newId("file", { nowMs, random: new Uint8Array(10) });
    const writer = files.writer(owner, id);
    await writer.write(new TextEncoder().encode("bytes"));
    await writer.finish();
    const seconds = nowMs / 1000;
    await files.commit(owner, {
      id,
      object: "file",
      bytes: 5,
      created_at: seconds,
      expires_at: seconds + 3600,
      filename: "f",
      purpose: "batch",
      status: "processed",
    });
    const listed = async (): Promise<number> => (await files.list(owner, { limit: 10, order: "desc" })).data.length;
    expect((await files.read(owner, id)).id).toBe(id);
    expect(await listed()).toBe(1);
    nowMs += 3_600_000;
    expect(await listed()).toBe(0);
    await expect(files.read(owner, id)).rejects.toMatchObject({ code: "unknown-resource" });
    expect((await STATE.list()).objects).toEqual([]);
  });
});

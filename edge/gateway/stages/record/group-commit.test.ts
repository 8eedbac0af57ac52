import { describe, expect, it } from "vitest";
import { GroupCommit } from "./group-commit.ts";

interface Call {
  readonly messages: readonly number[];
  readonly succeed: () => void;
  readonly fail: () => void;
}

function scripted(limitMs = 60_000) {
  const calls: Call[] = [];
  const writer = new GroupCommit<number>({
    limitMs,
    sizeOf: (message) => message,
    commit: (messages) =>
      new Promise((resolve, reject) => {
        calls.push({ messages, succeed: resolve, fail: () => reject(new Error("away")) });
      }),
  });
  return { calls, writer };
}

/** Lets every promise that can go on do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("GroupCommit", () => {
  it("carries alone what comes first, and together what comes meanwhile", async () => {
    const { calls, writer } = scripted();
    const all = Promise.all([1, 2, 3, 4].map((message) => writer.append(message)));
    await settle();
    expect(calls.map((call) => call.messages)).toEqual([[1]]);
    calls[0]?.succeed();
    await settle();
    expect(calls.map((call) => call.messages)).toEqual([[1], [2, 3, 4]]);
    calls[1]?.succeed();
    await all;
  });

  it("tells a failure to those it concerns and to no one else", async () => {
    const { calls, writer } = scripted();
    const first = writer.append(1);
    const second = writer.append(2);
    calls[0]?.fail();
    await expect(first).rejects.toThrow("away");
    await settle();
    calls[1]?.succeed();
    await second;
  });

  it("goes on without a request that took its batch to the grave", async () => {
    const { calls, writer } = scripted(5);
    await expect(writer.append(1)).rejects.toThrow("5 ms");
    const second = writer.append(2);
    while (calls.length < 2) await settle();
    calls[1]?.succeed();
    await second;
  });

  it("makes no call larger than one can be", async () => {
    const { calls, writer } = scripted();
    const all = Promise.all([1, 3_000_000, 3_000_001].map((message) => writer.append(message)));
    for (let call = 0; call < 3; call++) {
      await settle();
      calls[call]?.succeed();
    }
    await all;
    expect(calls.map((call) => call.messages)).toEqual([[1], [3_000_000], [3_000_001]]);
  });
});

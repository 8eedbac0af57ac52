import type { ModelFrame } from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import { relay, type RelayOptions } from "./relay.ts";

const frame: ModelFrame = { events: [], raw: "{}" };

/** What the caller of a stream that says "words" and then "end" sees. */
function relayed(options: Partial<RelayOptions>): { readonly done: Promise<void>; readonly seen: Promise<string> } {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const done = relay({
    first: [frame],
    rest: { next: async () => undefined },
    writer: writable.getWriter(),
    teller: { frames: () => "words ", fault: () => "fault ", end: () => "end" },
    tap: () => undefined,
    callerLeft: new AbortController().signal,
    seal: async () => undefined,
    ...options,
  });
  return { done, seen: new Response(readable).text() };
}

describe("a stream on its way to the caller", () => {
  it("ends with its last words when it is sealed", async () => {
    const { done, seen } = relayed({});
    await done;
    expect(await seen).toBe("words end");
  });

  const noSeal = (): Promise<never> => Promise.reject(new Error("no seal"));
  const speechless = {
    frames: (): string => "words ",
    fault: (): string => "",
    end: (): Promise<never> => Promise.reject(new Error("no end")),
  };
  it.each([
    ["it cannot be sealed", { seal: noSeal }],
    ["its last words cannot be said", { teller: speechless }],
    [
      "neither can be",
      {
        seal: noSeal,
        teller: speechless,
      },
    ],
  ])("breaks, and never hangs, when %s", async (_name, options) => {
    const { done, seen } = relayed(options);
    const [, body] = await Promise.allSettled([done, seen]);
    expect(body.status).toBe("rejected");
  });
});

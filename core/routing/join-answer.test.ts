import { describe, expect, it } from "vitest";
import { type AnswerJoin, joinContinued, joinRegenerated } from "./join-answer.ts";

/** What the caller gets after `delivered` when the rest comes in these pieces; undefined when it cannot be joined. */
function told(join: AnswerJoin, pieces: readonly string[]): string | undefined {
  let text = "";
  for (const piece of pieces) {
    const fresh = join.take(piece);
    if (fresh === undefined) return undefined;
    text += fresh;
  }
  const last = join.end();
  return last === undefined ? undefined : text + last;
}

const whole = "Grüße 😀👩‍👩‍👧 from the mill – every character once.";

describe("joinRegenerated", () => {
  it("delivers each unit once, wherever the first telling broke and however the second is cut", () => {
    for (let at = 0; at <= whole.length; at++) {
      for (const size of [1, 2, 3, 7, whole.length]) {
        const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
          whole.slice(index * size, (index + 1) * size),
        );
        expect(whole.slice(0, at) + told(joinRegenerated(whole.slice(0, at)), pieces), `${at}/${size}`).toBe(whole);
      }
    }
  });

  it("refuses a telling that differs, and one that ends before what was delivered", () => {
    expect(told(joinRegenerated("Hello wo"), ["Hello ", "there"])).toBeUndefined();
    expect(told(joinRegenerated("Hello wo"), ["Hello"])).toBeUndefined();
  });
});

describe("joinContinued", () => {
  it("goes on behind the prefill, and takes white space that comes again once", () => {
    expect(told(joinContinued("Hello", 5), [" world"])).toBe(" world");
    expect(told(joinContinued("Hello ", 5), [" ", "world"])).toBe("world");
    expect(told(joinContinued("Hello \n", 5), [" \nworld"])).toBe("world");
  });

  it("keeps the caller's white space when the continuation brings none or another", () => {
    expect(told(joinContinued("Hello ", 5), ["world"])).toBe("world");
    expect(told(joinContinued("Hello\n\n", 5), ["\nworld"])).toBe("world");
  });

  it("completes half a surrogate pair, and refuses another character in its place", () => {
    const half = "Hi 😀".slice(0, 4);
    expect(half + told(joinContinued(half, 2), [" 😀!"])).toBe("Hi 😀!");
    expect(told(joinContinued(half, 3), ["no"])).toBeUndefined();
  });

  it("finds out a server that starts over, and refuses one that starts over differently", () => {
    const delivered = "The quick brown fox jumps over";
    expect(told(joinContinued(delivered, delivered.length), "The quick brown fox jumps over the dog".split(""))).toBe(
      " the dog",
    );
    expect(told(joinContinued(delivered, delivered.length), ["The quick brown fox jumps under"])).toBeUndefined();
  });

  it("lets a continuation begin as the answer began", () => {
    const delivered = "The quick brown fox jumps over";
    expect(told(joinContinued(delivered, delivered.length), ["The", " quiet"])).toBe("The quiet");
    expect(told(joinContinued(delivered, delivered.length), ["The"])).toBe("The");
    expect(told(joinContinued(delivered, delivered.length), [])).toBe("");
    const join = joinContinued(delivered, delivered.length);
    expect([join.take("The"), join.end(), join.end()]).toEqual(["", "The", ""]);
  });
});

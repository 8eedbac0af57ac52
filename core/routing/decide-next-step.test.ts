import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultResilience, errorCatalogue, type ErrorCode } from "../contract/index.ts";
import { type AttemptState, decideNextStep } from "./decide-next-step.ts";
import { classifyFailure } from "./failure-class.ts";

const fresh: AttemptState = {
  attempts: 1,
  attemptsOfTarget: 1,
  otherKeys: 0,
  targetsLeft: 1,
  contextTokens: undefined,
  remainingMs: undefined,
};

function after(
  code: ErrorCode,
  state: Partial<AttemptState> = {},
  { retryAfterSeconds, ...settings }: { retryAfterSeconds?: number } & Partial<typeof defaultResilience> = {},
) {
  return decideNextStep(
    classifyFailure({ code, retryAfterSeconds }),
    { ...fresh, ...state },
    { settings: { ...defaultResilience, ...settings }, deps: { chance: () => 0.5 } },
  );
}

describe("what follows a failed attempt", () => {
  it("is a retry with jitter where a retry can help, then the next target", () => {
    expect(after("upstream-garbage")).toMatchObject({ kind: "retry", afterMs: 125 });
    expect(after("upstream-garbage", { attempts: 2, attemptsOfTarget: 2 })).toMatchObject({ kind: "next-target" });
    expect(after("upstream-garbage", { attempts: 2, attemptsOfTarget: 2, targetsLeft: 0 })).toMatchObject({
      kind: "give-up",
    });
  });

  it("honours retry-after up to its bound, and leaves the target beyond it", () => {
    expect(after("upstream-overloaded", {}, { retryAfterSeconds: 3 })).toMatchObject({ kind: "retry", afterMs: 3125 });
    expect(after("upstream-overloaded", {}, { retryAfterSeconds: 30 })).toMatchObject({ kind: "next-target" });
    expect(after("upstream-overloaded", { targetsLeft: 0 }, { retryAfterSeconds: 30 })).toMatchObject({
      kind: "give-up",
    });
  });

  it("does not ask a silent target again", () => {
    expect(after("upstream-timeout")).toMatchObject({ kind: "next-target" });
  });

  it("takes the next key for a refused, a spent and a limited one, and the next target when there is none", () => {
    for (const code of ["upstream-unauthorized", "upstream-quota-exhausted", "secret-missing"] as const) {
      expect(after(code, { otherKeys: 1 })).toMatchObject({ kind: "rotate-key" });
      expect(after(code)).toMatchObject({ kind: "next-target" });
    }
    expect(after("upstream-overloaded", { otherKeys: 1 })).toMatchObject({ kind: "rotate-key" });
  });

  it("sends what is too long to a longer context only", () => {
    expect(after("context-too-long", { contextTokens: 8192 })).toMatchObject({
      kind: "next-target",
      contextAbove: 8192,
    });
  });

  it("never sends a caller's mistake twice, nor what a content filter refused, unless the model says so", () => {
    expect(after("invalid-request")).toMatchObject({ kind: "give-up" });
    expect(after("content-filtered")).toMatchObject({ kind: "give-up" });
    expect(after("content-filtered", {}, { fallback_on_content_filter: true })).toMatchObject({ kind: "next-target" });
    expect(after("client-closed")).toMatchObject({ kind: "give-up" });
  });

  it("waits for nothing that the deadline would not outlast", () => {
    expect(after("upstream-overloaded", { remainingMs: 2000 }, { retryAfterSeconds: 3 })).toMatchObject({
      kind: "next-target",
    });
    expect(after("upstream-garbage", { remainingMs: 0 })).toMatchObject({ kind: "give-up" });
  });

  it("ends for every code within the attempts that the model allows", () => {
    const codes = Object.keys(errorCatalogue) as ErrorCode[];
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...codes), { minLength: 40, maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        (failures, targets, keys) => {
          let state = { ...fresh, targetsLeft: targets - 1, otherKeys: keys - 1 };
          for (const code of failures) {
            const step = decideNextStep(classifyFailure({ code }), state, {
              settings: defaultResilience,
              deps: { chance: () => 0.5 },
            });
            if (step.kind === "give-up") return;
            const attempts = state.attempts + 1;
            if (step.kind === "next-target")
              state = { ...fresh, attempts, targetsLeft: state.targetsLeft - 1, otherKeys: keys - 1 };
            if (step.kind === "retry") state = { ...state, attempts, attemptsOfTarget: state.attemptsOfTarget + 1 };
            if (step.kind === "rotate-key")
              state = {
                ...state,
                attempts,
                attemptsOfTarget: state.attemptsOfTarget + 1,
                otherKeys: state.otherKeys - 1,
              };
            expect(state.attempts).toBeLessThanOrEqual(defaultResilience.max_attempts);
            expect(state.targetsLeft).toBeGreaterThanOrEqual(0);
            expect(state.otherKeys).toBeGreaterThanOrEqual(0);
          }
          throw new Error("it went on for ever");
        },
      ),
    );
  });
});

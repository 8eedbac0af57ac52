import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Budget, budgetSchema, type BudgetWindow } from "../contract/index.ts";
import type { AccountState } from "./ledger-service.ts";
import {
  accountSubject,
  applyingEntries,
  limitHeaders,
  mediaAllowance,
  refusalError,
  resetDuration,
  ROLLING_SLOTS,
  tokenBound,
  windowSlot,
} from "./index.ts";

const calendar = (unit: Extract<BudgetWindow, { kind: "calendar" }>["unit"], timeZone = "UTC"): BudgetWindow => ({
  kind: "calendar",
  unit,
  time_zone: timeZone,
});
const slotText = (window: BudgetWindow, at: string) => {
  const { startMs, expiresAtMs } = windowSlot(window, Date.parse(at));
  return [new Date(startMs).toISOString(), new Date(expiresAtMs).toISOString()];
};

describe("windowSlot", () => {
  it("begins days, weeks (on Monday) and months at midnight of the zone's wall clock", () => {
    const at = "2026-11-22T23:30:00Z";
    expect(slotText(calendar("day"), at)).toEqual(["2026-11-22T00:00:00.000Z", "2026-11-23T00:00:00.000Z"]);
    expect(slotText(calendar("day", "Europe/Berlin"), at)).toEqual([
      "2026-11-22T23:00:00.000Z",
      "2026-11-23T23:00:00.000Z",
    ]);
    expect(slotText(calendar("week"), at)[0]).toBe("2026-11-16T00:00:00.000Z");
    expect(slotText(calendar("month", "Asia/Kolkata"), at)).toEqual([
      "2026-10-31T18:30:00.000Z",
      "2026-11-30T18:30:00.000Z",
    ]);
    expect(slotText(calendar("hour", "Asia/Kolkata"), at)[0]).toBe("2026-11-22T23:30:00.000Z");
  });

  it("gives a day 23 or 25 hours where the clock changes", () => {
    const hours = (at: string) => {
      const { startMs, expiresAtMs } = windowSlot(calendar("day", "Europe/Berlin"), Date.parse(at));
      return (expiresAtMs - startMs) / 3_600_000;
    };
    expect([hours("2026-03-29T12:00:00Z"), hours("2026-10-25T12:00:00Z"), hours("2026-07-01T12:00:00Z")]).toEqual([
      23, 25, 24,
    ]);
  });

  it("begins a day whose midnight the clock skips at the first instant there is", () => {
    // Beirut goes from 00:00 to 01:00 on the last Sunday of March.
    const [start] = slotText(calendar("day", "Asia/Beirut"), "2026-03-29T12:00:00Z");
    expect(start).toBe("2026-03-28T22:00:00.000Z");
  });

  it("holds its instant, and its neighbour begins where it ends, in every zone and at every time", () => {
    const zones = [
      "UTC",
      "America/New_York",
      "Australia/Lord_Howe",
      "Asia/Kathmandu",
      "America/Sao_Paulo",
      "Pacific/Apia",
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.constantFrom("day" as const, "week" as const, "month" as const),
        fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2030, 0, 1) }),
        (zone, unit, nowMs) => {
          const slot = windowSlot(calendar(unit, zone), nowMs);
          expect(slot.startMs).toBeLessThanOrEqual(nowMs);
          expect(slot.expiresAtMs).toBeGreaterThan(nowMs);
          expect(windowSlot(calendar(unit, zone), slot.expiresAtMs).startMs).toBe(slot.expiresAtMs);
          expect(windowSlot(calendar(unit, zone), slot.expiresAtMs - 1)).toEqual(slot);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("keeps an amount in a rolling window at least as long as the window, and at most one slot longer", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_678_400 }), fc.integer({ min: 0, max: 2e12 }), (seconds, nowMs) => {
        const heldMs = windowSlot({ kind: "rolling", seconds }, nowMs).expiresAtMs - nowMs;
        expect(heldMs).toBeGreaterThan(seconds * 1000);
        expect(heldMs).toBeLessThanOrEqual(seconds * 1000 + Math.ceil((seconds * 1000) / ROLLING_SLOTS));
      }),
    );
  });
});

const budget = (fields: object): Budget =>
  budgetSchema.parse({ name: "b", scope: "project", window: calendar("day"), limit: { requests: 1 }, ...fields });
const exchange = { environment: "production", keyId: "key_1", user: undefined, prompt: undefined, model: "small" };

describe("applyingEntries", () => {
  const accounts = (fields: object, of = {}) =>
    applyingEntries([budget(fields)], { ...exchange, ...of }).map((entry) => entry.account);

  it("gives each its account, and a match only its own", () => {
    expect(accounts({})).toEqual(["project:"]);
    expect(accounts({ scope: "key" })).toEqual(["key:key_1"]);
    expect(accounts({ scope: "key", match: "key_2" })).toEqual([]);
    expect(accounts({ scope: "model", match: "small" })).toEqual(["model:small"]);
    expect(accounts({ environment: "staging" })).toEqual([]);
    expect([accountSubject("project:"), accountSubject("user:a:b")]).toEqual([null, "a:b"]);
  });

  it("books who names no user on one account, and leaves plain model calls out of a limit for prompts", () => {
    expect(accounts({ scope: "user" })).toEqual(["user:"]);
    expect(accounts({ scope: "user" }, { user: "ana" })).toEqual(["user:ana"]);
    expect(accounts({ scope: "prompt" })).toEqual([]);
    expect(accounts({ scope: "prompt" }, { prompt: "reply" })).toEqual(["prompt:reply"]);
  });

  it("names an account by the hash of a subject that is longer than a name", () => {
    const [first, again, other] = ["a", "a", "b"].map((letter) =>
      accounts({ scope: "user" }, { user: letter.repeat(5000) }),
    );
    expect(first).toEqual([expect.stringMatching(/^user:sha256-[0-9a-f]{64}$/)]);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it("refuses what means nothing: no limit, a match for the whole project, a zone that is not there, alerts to nowhere", () => {
    for (const fields of [
      { limit: {} },
      { match: "x" },
      { window: calendar("day", "Mars/Olympus") },
      { alerts: [0.5] },
      { limit: { tokens: 0 } },
    ])
      expect(budgetSchema.safeParse({ ...budget({}), ...fields }).success).toBe(false);
  });
});

describe("tokenBound", () => {
  const size = {
    inputBytes: 400,
    allowance: 0,
    maxOutputTokens: 50,
    choices: 2,
    contextTokens: undefined,
    generates: true,
  };
  it("bounds input by bytes and context, output by the request, else by the context, for each answer", () => {
    expect(tokenBound(size)).toEqual({ inputTokens: 400, outputTokens: 100 });
    expect(tokenBound({ ...size, contextTokens: 100, maxOutputTokens: undefined })).toEqual({
      inputTokens: 100,
      outputTokens: 200,
    });
    expect(tokenBound({ ...size, generates: false, maxOutputTokens: undefined })).toEqual({
      inputTokens: 400,
      outputTokens: 0,
    });
  });
  it("allows for pictures and tools, and knows no bound for a document by its id unless the context gives one", () => {
    const image = { type: "image_url", image_url: { url: "https://x.test/a.png" } };
    const content = [image, { type: "text", text: "what is it?" }];
    expect(mediaAllowance({ messages: [{ role: "user", content }], tools: [{}] })).toBe(51_024);
    const allowance = mediaAllowance({
      messages: [{ role: "user", content: [{ type: "file", file: { file_id: "f" } }] }],
    });
    expect(tokenBound({ ...size, allowance })).toBeUndefined();
    expect(tokenBound({ ...size, allowance, contextTokens: 1000 })?.inputTokens).toBe(1000);
  });
  it("says so when nothing bounds the answer", () => {
    expect(tokenBound({ ...size, choices: Number.POSITIVE_INFINITY })).toBeUndefined();
    expect(tokenBound({ ...size, maxOutputTokens: undefined })).toBeUndefined();
  });
});

describe("a refusal", () => {
  const state: AccountState = {
    budget: "team",
    account: "user:ana",
    metric: "tokens",
    limit: 100,
    spent: 60,
    reserved: 30,
    resetsAtMs: 61_000,
    windowMs: 60_000,
  };

  it("is a rate for requests and tokens within hours, a budget for money and for days", () => {
    expect(refusalError(state, 20, 1000)).toMatchObject({ code: "rate-limited", retryAfterSeconds: 60 });
    expect(refusalError({ ...state, metric: "usd_micros" }, 20, 0).code).toBe("budget-exceeded");
    expect(refusalError({ ...state, windowMs: 86_400_000 }, 20, 0).code).toBe("budget-exceeded");
    expect(refusalError(state, 20, 1000).limit).toEqual({
      budget: "team",
      account: "user:ana",
      metric: "tokens",
      limit: 100,
      spent: 60,
      reserved: 30,
      asked: 20,
      resets_at: "1970-01-01T00:01:01.000Z",
    });
  });

  it("names no time to come back to a request that the limit could never hold", () => {
    const error = refusalError(state, 101, 1000);
    expect(error.code).toBe("request-too-costly");
    expect(error.retryAfterSeconds).toBeUndefined();
    expect(error.message).toMatch(/max_tokens/);
  });

  it("counts one as one", () => {
    const one = { ...state, metric: "requests" as const, limit: 1, spent: 1, reserved: 0 };
    expect(refusalError(one, 1, 1000).message).toContain("allows 1 request: 1 is spent, 0 reserved");
  });

  it("is told in OpenAI's headers, of the account with the least left", () => {
    const wide = { ...state, limit: 1000 };
    expect(limitHeaders([wide, state], 1000)).toEqual({
      "x-ratelimit-limit-tokens": "100",
      "x-ratelimit-remaining-tokens": "10",
      "x-ratelimit-reset-tokens": "1m0s",
    });
    expect([120, 59_001, 3_723_000].map(resetDuration)).toEqual(["120ms", "1m0s", "1h2m3s"]);
  });
});

import { describe, expect, it } from "vitest";
import { createPainter } from "./painter.ts";
import { spanLines } from "./span-lines.ts";

const plain = createPainter(false);
const span = (name: string, attributes: Record<string, string | number | null | object>) => ({
  id: "spn_1",
  parent_id: null,
  name,
  started_at_ms: 0,
  duration_us: 1500,
  attributes: JSON.parse(JSON.stringify(attributes)) as Record<string, never>,
});
const attempt = { provider: "cloud", model: "big", kind: "first", outcome: "ok", error_code: null, http_status: 200 };

describe("spanLines", () => {
  it("says whom each call went to and how it ended", () => {
    const failed = {
      ...attempt,
      provider: "dead",
      outcome: "failed",
      error_code: "upstream-refused",
      http_status: null,
    };
    expect(spanLines(plain, [span("attempt", failed), span("attempt", { ...attempt, kind: "fallback" })])).toEqual([
      "  attempt              1.50 ms  first  dead · big  failed: upstream-refused",
      "  attempt              1.50 ms  fallback  cloud · big  ok",
    ]);
  });

  it("says why a route led where it did", () => {
    const dispatch = span("dispatch", { decisions: [{ kind: "fallback", reason: "as written" }] });
    expect(spanLines(plain, [dispatch])[1]).toBe("      fallback: as written");
  });

  it("says in which order the branches of a draw are tried", () => {
    const dispatch = span("dispatch", { decisions: [{ kind: "weighted", reason: "by chance", order: [1, 0] }] });
    expect(spanLines(plain, [dispatch])[1]).toBe("      weighted: by chance; tried in the order 1, 0");
  });

  it("shows calls after the stage that made them, though all began in one millisecond", () => {
    const spans = [span("cache", {}), span("attempt", attempt), span("dispatch", {})];
    const names = spanLines(plain, spans).map((line) => line.trim().split(" ")[0]);
    expect(names).toEqual(["cache", "dispatch", "attempt"]);
  });

  it("makes text of others harmless, and shows a span that it does not know", () => {
    expect(spanLines(plain, [span("attempt", { ...attempt, model: "\u001b[2J" })])[0]).toContain("\\x1b[2J");
    expect(spanLines(plain, [span("attempt", { odd: 1 })])).toEqual(["  attempt              1.50 ms"]);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Circuit,
  circuitPhase,
  closedCircuit,
  leaseProbe,
  openMs,
  PROBE_LEASE_MS,
  recordOutcomes,
  recordProbe,
} from "./circuit.ts";

const failures = (count: number) => ({ ok: 0, failed: count, trailingFailures: count });
const successes = (count: number) => ({ ok: count, failed: 0, trailingFailures: 0 });
const opened = (nowMs = 0): Circuit => recordOutcomes(closedCircuit, failures(5), { nowMs, chance: 0 });

describe("the circuit of a target", () => {
  it("opens after five failures in a row, and not after four", () => {
    expect(circuitPhase(recordOutcomes(closedCircuit, failures(4), { nowMs: 0, chance: 0 }), 0)).toBe("closed");
    expect(circuitPhase(opened(), 0)).toBe("open");
  });

  it("opens when half of the calls in the window fail, one here and one there", () => {
    let circuit = closedCircuit;
    for (let call = 0; call < 10; call++) {
      circuit = recordOutcomes(circuit, successes(1), { nowMs: call, chance: 0 });
      circuit = recordOutcomes(circuit, failures(1), { nowMs: call, chance: 0 });
    }
    expect(circuitPhase(circuit, 10)).toBe("open");
  });

  it("forgets failures that are two windows old", () => {
    let circuit = recordOutcomes(closedCircuit, { ok: 1, failed: 15, trailingFailures: 0 }, { nowMs: 0, chance: 0 });
    circuit = recordOutcomes(circuit, { ok: 16, failed: 4, trailingFailures: 0 }, { nowMs: 90_000, chance: 0 });
    expect(circuit.phase).toBe("closed");
  });

  it("lets one probe go at a time, and the next when the first was lost", () => {
    const circuit = opened();
    expect(leaseProbe(circuit, 1000)).toBeUndefined();
    const probing = leaseProbe(circuit, 2000);
    expect(probing).toBeDefined();
    if (probing === undefined) return;
    expect(circuitPhase(probing, 2001)).toBe("probing");
    expect(leaseProbe(probing, 2001)).toBeUndefined();
    expect(leaseProbe(probing, 2000 + PROBE_LEASE_MS)).toBeDefined();
  });

  it("closes on a probe's success, opens for longer on its failure, and waits for the next when it was cancelled", () => {
    const probing = leaseProbe(opened(), 2000) ?? closedCircuit;
    expect(circuitPhase(recordProbe(probing, "ok", { nowMs: 2100, chance: 0 }), 2100)).toBe("closed");
    const again = recordProbe(probing, "failed", { nowMs: 2100, chance: 0 });
    expect(again.openUntilMs).toBe(2100 + 4000);
    expect(circuitPhase(recordProbe(probing, "cancelled", { nowMs: 2100, chance: 0 }), 2100)).toBe("half-open");
  });

  it("keeps doubling when it flaps, and starts anew after a lasting recovery", () => {
    const probing = leaseProbe(opened(), 2000) ?? closedCircuit;
    const closed = recordProbe(probing, "ok", { nowMs: 3000, chance: 0 });
    const soon = recordOutcomes(closed, failures(5), { nowMs: 4000, chance: 0 });
    expect(soon.openUntilMs - 4000).toBe(4000);
    const later = recordOutcomes(closed, failures(5), { nowMs: 300_000, chance: 0 });
    expect(later.openUntilMs - 300_000).toBe(2000);
  });

  it("ignores calls that end after it opened: they were sent before", () => {
    expect(recordOutcomes(opened(), successes(9), { nowMs: 10, chance: 0 })).toEqual(opened());
  });

  it("never stays open longer than the bound, whatever happened before", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (openings, chance) => {
          const ms = openMs(openings, chance);
          expect(ms).toBeGreaterThanOrEqual(1500);
          expect(ms).toBeLessThanOrEqual(60_000);
        },
      ),
    );
  });

  it("gives the same phase for outcomes told one by one and in batches of one kind", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 30 }), (outcomes) => {
        let single = closedCircuit;
        for (const ok of outcomes)
          single = recordOutcomes(single, ok ? successes(1) : failures(1), { nowMs: 5, chance: 0 });
        let runs = closedCircuit;
        for (let at = 0; at < outcomes.length;) {
          let end = at;
          while (end < outcomes.length && outcomes[end] === outcomes[at]) end++;
          runs = recordOutcomes(runs, outcomes[at] === true ? successes(end - at) : failures(end - at), {
            nowMs: 5,
            chance: 0,
          });
          at = end;
        }
        // A batch may open a little later within itself, never miss that it must.
        if (runs.phase === "open") expect(single.phase).toBe("open");
      }),
    );
  });
});

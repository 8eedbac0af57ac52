/**
 * The circuit of one target. `closed`: calls go through · `open`: none until `openUntilMs` · after that it is half open: single probes under a
 * lease, until one succeeds. A plain value, so that an isolate and the shared object can hold and exchange it.
 */
export interface Circuit {
  readonly phase: "closed" | "open";
  readonly consecutiveFailures: number;
  /** Outcomes in the window that began at `windowStartMs`, and in the one before it. */
  readonly windowStartMs: number;
  readonly current: OutcomeCounts;
  readonly previous: OutcomeCounts;
  /** 0 while closed. */
  readonly openUntilMs: number;
  /** How often it opened without a lasting recovery between. */
  readonly openings: number;
  /** When it closed last; 0 = never opened. */
  readonly closedAtMs: number;
  /** A probe is out until then; 0 = none. */
  readonly probeUntilMs: number;
}

export interface OutcomeCounts {
  readonly ok: number;
  readonly failed: number;
}

/** Outcomes since the last report, in which order matters only for the newest failures. */
export interface OutcomeBatch extends OutcomeCounts {
  /** Failures after the last success; all of them when there was none. */
  readonly trailingFailures: number;
}

/** So many failures in a row are no coincidence: at a healthy target's 1 % it is one in ten thousand million. */
const MAX_CONSECUTIVE_FAILURES = 5;
const WINDOW_MS = 30_000;
/** Below this a rate says little. */
const MIN_CALLS_FOR_RATE = 20;
const MAX_FAILURE_RATE = 0.5;
/** The first pause: long enough for a restart, short enough that one bad moment costs little. */
const FIRST_OPEN_MS = 2_000;
/** The longest pause: how late a recovery is noticed at most. */
const MAX_OPEN_MS = 60_000;
/** Isolates and targets that failed together do not return together. */
const JITTER_SHARE = 0.25;
/** A probe that nobody reports on within this time is lost with its isolate; another may go. */
export const PROBE_LEASE_MS = 30_000;
/** A recovery that lasted this long starts the doubling anew. */
const LASTING_RECOVERY_MS = 60_000;

const NONE: OutcomeCounts = { ok: 0, failed: 0 };

export const closedCircuit: Circuit = {
  phase: "closed",
  consecutiveFailures: 0,
  windowStartMs: 0,
  current: NONE,
  previous: NONE,
  openUntilMs: 0,
  openings: 0,
  closedAtMs: 0,
  probeUntilMs: 0,
};

/** How long a circuit stays open: doubles with each opening in a row, jittered downward, never beyond MAX_OPEN_MS. */
export function openMs(openings: number, chance: number): number {
  const bound = Math.min(MAX_OPEN_MS, FIRST_OPEN_MS * 2 ** (openings - 1));
  return Math.round(bound * (1 - JITTER_SHARE * chance));
}

function open(circuit: Circuit, nowMs: number, chance: number): Circuit {
  const lasted = circuit.closedAtMs > 0 && nowMs - circuit.closedAtMs >= LASTING_RECOVERY_MS;
  const openings = circuit.phase === "closed" && lasted ? 1 : circuit.openings + 1;
  return { ...circuit, phase: "open", openings, openUntilMs: nowMs + openMs(openings, chance), probeUntilMs: 0 };
}

function close(circuit: Circuit, nowMs: number): Circuit {
  return { ...closedCircuit, openings: circuit.openings, closedAtMs: nowMs, windowStartMs: nowMs };
}

/** Two adjacent windows: the rate over them covers the last WINDOW_MS at least. */
function windowed(circuit: Circuit, nowMs: number): Circuit {
  const elapsedMs = nowMs - circuit.windowStartMs;
  if (elapsedMs < WINDOW_MS) return circuit;
  const previous = elapsedMs < 2 * WINDOW_MS ? circuit.current : NONE;
  return { ...circuit, windowStartMs: nowMs, current: NONE, previous };
}

function isBad(circuit: Circuit): boolean {
  if (circuit.consecutiveFailures >= MAX_CONSECUTIVE_FAILURES) return true;
  const failed = circuit.current.failed + circuit.previous.failed;
  const calls = failed + circuit.current.ok + circuit.previous.ok;
  return calls >= MIN_CALLS_FOR_RATE && failed / calls >= MAX_FAILURE_RATE;
}

/** What calls that were admitted while it was closed say. Those that end after it opened change nothing: only a probe closes it. */
export function recordOutcomes(
  circuit: Circuit,
  batch: OutcomeBatch,
  { nowMs, chance }: { readonly nowMs: number; readonly chance: number },
): Circuit {
  if (circuit.phase === "open" || batch.ok + batch.failed === 0) return circuit;
  const moved = windowed(circuit, nowMs);
  const next: Circuit = {
    ...moved,
    consecutiveFailures: batch.ok > 0 ? batch.trailingFailures : moved.consecutiveFailures + batch.failed,
    current: { ok: moved.current.ok + batch.ok, failed: moved.current.failed + batch.failed },
  };
  return isBad(next) ? open(next, nowMs, chance) : next;
}

/** The outcome of a probe: a success closes the circuit, a failure opens it for longer, a cancelled one makes room for the next. */
export function recordProbe(
  circuit: Circuit,
  outcome: "ok" | "failed" | "cancelled",
  { nowMs, chance }: { readonly nowMs: number; readonly chance: number },
): Circuit {
  if (circuit.phase === "closed") return circuit;
  if (outcome === "ok") return close(circuit, nowMs);
  return outcome === "failed" ? open(circuit, nowMs, chance) : { ...circuit, probeUntilMs: 0 };
}

/** `half-open`: a probe may be leased. `probing`: one is out. */
export function circuitPhase(circuit: Circuit, nowMs: number): "closed" | "open" | "half-open" | "probing" {
  if (circuit.phase === "closed") return "closed";
  if (nowMs < circuit.openUntilMs) return "open";
  return nowMs < circuit.probeUntilMs ? "probing" : "half-open";
}

/** The circuit with a probe out; undefined when none may go now. */
export function leaseProbe(circuit: Circuit, nowMs: number): Circuit | undefined {
  return circuitPhase(circuit, nowMs) === "half-open"
    ? { ...circuit, probeUntilMs: nowMs + PROBE_LEASE_MS }
    : undefined;
}

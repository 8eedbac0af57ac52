import type { HealthStatus, PartHealth, Readiness } from "@millrace/core/contract";
import type { Handler } from "hono";
import type { BundleStore } from "../bundles/bundle-store.ts";
import { within } from "../memory/within.ts";

/** A probe must answer before the one who probes gives up. */
const PROBE_LIMIT_MS = 1_000;
/** Probes share one look at the parts: readiness is asked by anyone, and must not become load. */
const LOOK_AGAIN_MS = 1_000;
/** The parts are asked at once, and at most two in a row; what takes longer has lost its request, and is not waited for by new ones. */
const LOOK_LIMIT_MS = 3 * PROBE_LIMIT_MS;

type Ping = () => Promise<unknown>;

export interface HealthDeps {
  readonly bundles: Pick<BundleStore, "oldestAgeMs">;
  readonly staleMs: number;
  /** Each resolves when its part answers. */
  readonly ping: {
    readonly hub: Ping;
    /** Where bundles lie when the hub is away. */
    readonly store: Ping;
    readonly ledger: Ping;
    readonly health: Ping;
    readonly outbox: Ping;
    readonly telemetry: Ping;
    /** Undefined where readiness does not depend on a runner. */
    readonly runner: Ping | undefined;
  };
  /** Resolves when the control API answers, with what it says of its database. */
  readonly askControl: () => Promise<{ readonly database: boolean }>;
  readonly nowMs: () => number;
}

const OK: PartHealth = { status: "ok" };

/** What callers notice of a part that is away, beside its name. */
const effects = {
  control: "does not answer; the control API is away, answers go on",
  ledger: "does not answer; requests with a budget that blocks are refused",
  health: "does not answer; each isolate judges targets by what it sees itself",
  outbox: "does not answer; traces go to the queue",
  telemetry: "does not answer; metrics wait in the isolates",
  runner: "does not answer; only other targets do",
} as const;

async function answers(ping: Ping): Promise<boolean> {
  try {
    await within(ping(), PROBE_LIMIT_MS);
    return true;
  } catch {
    return false;
  }
}

async function probe(part: keyof typeof effects, ping: Ping): Promise<PartHealth> {
  return (await answers(ping)) ? OK : { status: "degraded", detail: effects[part] };
}

/** Without configuration nothing can be answered; with the last known good everything can. */
async function configHealth({ bundles, ping, staleMs }: HealthDeps): Promise<PartHealth> {
  const hubAnswers = await answers(ping.hub);
  const ageMs = bundles.oldestAgeMs();
  const age = ageMs === undefined ? {} : { age_ms: Math.max(0, Math.round(ageMs)) };
  if (hubAnswers) return { ...OK, ...age };
  if (ageMs === undefined && !(await answers(ping.store)))
    return { status: "down", detail: "neither the config hub nor the store of bundles answers, and none is held here" };
  const servesOn =
    ageMs !== undefined && ageMs > staleMs
      ? "the config hub does not answer; the last known good bundle serves on"
      : "the config hub does not answer";
  return { status: "degraded", detail: servesOn, ...age };
}

function worst(parts: readonly PartHealth[]): HealthStatus {
  const has = (status: HealthStatus): boolean => parts.some((part) => part.status === status);
  if (has("down")) return "down";
  return has("degraded") ? "degraded" : "ok";
}

async function look(deps: HealthDeps): Promise<Readiness> {
  const { ping } = deps;
  let databaseAnswers: boolean | undefined;
  const ask = async (): Promise<void> => {
    databaseAnswers = (await deps.askControl()).database;
  };
  const [config, control, ledger, health, outbox, telemetry, runner] = await Promise.all([
    configHealth(deps),
    probe("control", ask),
    probe("ledger", ping.ledger),
    probe("health", ping.health),
    probe("outbox", ping.outbox),
    probe("telemetry", ping.telemetry),
    ping.runner === undefined ? undefined : probe("runner", ping.runner),
  ]);
  const missing =
    databaseAnswers === false
      ? "does not answer; traces wait in the outbox"
      : "unknown: the control API does not answer";
  const database: PartHealth = databaseAnswers === true ? OK : { status: "degraded", detail: missing };
  const parts = {
    config,
    control,
    database,
    ledger,
    health,
    outbox,
    telemetry,
    ...(runner === undefined ? {} : { runner }),
  };
  return { status: worst(Object.values(parts)), parts };
}

/** A look at the parts, under way or done. */
interface Look {
  readonly readiness: Promise<Readiness>;
  freshUntilMs: number;
}

function beginLook(deps: HealthDeps): Look {
  const beginning: Look = { readiness: look(deps), freshUntilMs: deps.nowMs() + LOOK_LIMIT_MS };
  const end = (): void => void (beginning.freshUntilMs = deps.nowMs() + LOOK_AGAIN_MS);
  beginning.readiness.then(end, end);
  return beginning;
}

/** GET /healthz: this isolate answers. */
export const livenessRoute: Handler = (context) => context.json({ status: "ok" });

/**
 * GET /readyz: whether it can answer, and how each thing that it leans on is. 503 only when it cannot: a gateway that serves on without one of its
 * parts belongs behind the load balancer. Needs no key and tells no address.
 */
export function readinessRoute(deps: HealthDeps): Handler {
  let last: Look | undefined;
  return async (context) => {
    if (last === undefined || deps.nowMs() >= last.freshUntilMs) {
      last = beginLook(deps);
      // Others wait for it as well: it must not end with the one who asked first.
      context.executionCtx.waitUntil(last.readiness);
    }
    const readiness = await last.readiness;
    return context.json(readiness, readiness.status === "down" ? 503 : 200);
  };
}

import type { PartHealth, Readiness } from "@millrace/core/contract";
import type { Handler } from "hono";
import type { BundleStore } from "../bundles/bundle-store.ts";
import { within } from "../memory/within.ts";

/** A probe must answer before the one who probes gives up. */
const PROBE_LIMIT_MS = 1_000;
/** Probes share one look at the parts: readiness is asked by anyone, and must not become load. */
const LOOK_AGAIN_MS = 1_000;

export interface HealthDeps {
  readonly bundles: Pick<BundleStore, "oldestAgeMs">;
  readonly staleMs: number;
  /** Resolves when a config hub answers. */
  readonly pingHub: () => Promise<unknown>;
  /** Resolves when the control API answers, with what it says of its database. */
  readonly askControl: () => Promise<{ readonly database: boolean }>;
  /** Resolves when the runner is ready to answer; undefined where readiness does not depend on one. */
  readonly pingRunner: (() => Promise<unknown>) | undefined;
  readonly nowMs: () => number;
}

async function probe(ping: () => Promise<unknown>): Promise<PartHealth> {
  try {
    await within(ping(), PROBE_LIMIT_MS);
    return { status: "ok" };
  } catch {
    return { status: "degraded", detail: "does not answer" };
  }
}

function configHealth(hub: PartHealth, ageMs: number | undefined, staleMs: number): PartHealth {
  const age = ageMs === undefined ? {} : { age_ms: Math.max(0, Math.round(ageMs)) };
  if (hub.status === "ok") return { ...hub, ...age };
  const servesOn =
    ageMs !== undefined && ageMs > staleMs
      ? "the config hub does not answer; the last known good bundle serves on"
      : "the config hub does not answer";
  return { status: "degraded", detail: servesOn, ...age };
}

async function look(deps: HealthDeps): Promise<Readiness> {
  let databaseAnswers: boolean | undefined;
  const ask = async (): Promise<void> => {
    databaseAnswers = (await deps.askControl()).database;
  };
  const [hub, control, runner] = await Promise.all([
    probe(deps.pingHub),
    probe(ask),
    deps.pingRunner === undefined ? undefined : probe(deps.pingRunner),
  ]);
  const database: PartHealth =
    databaseAnswers === true
      ? { status: "ok" }
      : { status: "degraded", detail: databaseAnswers === false ? "does not answer" : "unknown" };
  const parts = {
    config: configHealth(hub, deps.bundles.oldestAgeMs(), deps.staleMs),
    control,
    database,
    ...(runner === undefined ? {} : { runner }),
  };
  return { status: Object.values(parts).every((part) => part.status === "ok") ? "ok" : "degraded", parts };
}

/** GET /healthz: this isolate answers. */
export const livenessRoute: Handler = (context) => context.json({ status: "ok" });

/** GET /readyz: what it leans on answers as well. Needs no key and tells no address. */
export function readinessRoute(deps: HealthDeps): Handler {
  let last: { readonly atMs: number; readonly readiness: Readiness } | undefined;
  return async (context) => {
    if (last === undefined || deps.nowMs() - last.atMs >= LOOK_AGAIN_MS)
      last = { atMs: deps.nowMs(), readiness: await look(deps) };
    return context.json(last.readiness, last.readiness.status === "ok" ? 200 : 503);
  };
}

import type { ConfigHubService, ControlService, TraceOutboxService } from "@millrace/core/contract";
import type { LedgerService } from "@millrace/core/ledger";
import { readSecret } from "@millrace/core/provider";
import { z } from "zod";
import type { TargetHealthService } from "./health/health-service.ts";
import type { BatchRunService } from "./batches/batch-service.ts";
import type { TelemetryService } from "./metrics/telemetry-service.ts";

/** A Durable Object namespace whose objects answer the RPC interface `T`. A stub belongs to the request that made it. */
export interface ServiceNamespace<T> {
  getByName(name: string): T;
}

/** What the gateway runs with; parsed once for each isolate. */
export interface GatewayConfig {
  /** Raw Ed25519 public key (32 bytes) that bundle pointers must be signed with. */
  readonly bundlePublicKey: Uint8Array<ArrayBuffer>;
  /** A pointer checked less than this long ago is used without a question. */
  readonly bundleFreshMs: number;
  /** A pointer checked longer ago than this is checked again before it is used. */
  readonly bundleStaleMs: number;
  /** `host:port` of private addresses that the operator lets providers use. */
  readonly allowedPrivateHosts: readonly string[];
  /** Origins of browsers that may call the gateway; empty = none. */
  readonly allowedOrigins: readonly string[];
  /** Whether the end of an answer waits for its trace to be durable. */
  readonly traceDurability: "before-last-byte" | "after-answer";
  /** The demonstration key, set by the local stack only and shown to loopback requests only. */
  readonly localKeyHint: string | undefined;
  /** The runner's health URL, where the operator has one that readiness depends on; undefined = not asked. */
  readonly runnerHealthUrl: string | undefined;
  readonly configHub: ServiceNamespace<ConfigHubService>;
  readonly traceOutbox: ServiceNamespace<TraceOutboxService>;
  readonly ledger: ServiceNamespace<LedgerService>;
  readonly targetHealth: ServiceNamespace<TargetHealthService>;
  /** What the gateway counts about itself; one object. */
  readonly telemetry: ServiceNamespace<TelemetryService>;
  readonly batchRun: ServiceNamespace<BatchRunService>;
  /** What scrapers of GET /metrics must show; undefined = only the local stack answers, on the loopback interface. */
  readonly metricsToken: string | undefined;
  /** Objects that share the work of one project's ledger; 1 = the root alone. */
  readonly ledgerShards: number;
  readonly bundles: KVNamespace;
  readonly traceBodies: R2Bucket;
  /** What callers have kept between their requests: stored responses, files and what batches made. */
  readonly state: R2Bucket;
  readonly traces: Queue<string>;
  readonly control: ControlService;
  /** The value of a project's secret, or undefined when the operator has not set it. */
  readonly secret: (projectSlug: string, name: string) => string | undefined;
}

const list = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== ""),
);
const milliseconds = z.coerce.number().int().min(0).max(600_000);

const varsSchema = z.object({
  BUNDLE_PUBLIC_KEY: z.base64().transform((text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0))),
  BUNDLE_FRESH_MS: milliseconds.default(2000),
  BUNDLE_STALE_MS: milliseconds.default(4000),
  ALLOWED_PRIVATE_HOSTS: list.prefault(""),
  ALLOWED_ORIGINS: list.prefault(""),
  LOCAL_KEY_HINT: z.string().optional(),
  RUNNER_HEALTH_URL: z.union([z.literal(""), z.url({ protocol: /^https?$/ })]).optional(),
  METRICS_TOKEN: z.union([z.literal(""), z.string().min(16)]).optional(),
  LEDGER_SHARDS: z.coerce.number().int().min(1).max(64).default(1),
  TRACE_DURABILITY: z.enum(["before-last-byte", "after-answer"]).default("before-last-byte"),
});

/** Bindings as the runtime hands them over; RPC stubs get their contract's type here and nowhere else. */
interface GatewayBindings {
  readonly CONFIG_HUB: ServiceNamespace<ConfigHubService>;
  readonly TRACE_OUTBOX: ServiceNamespace<TraceOutboxService>;
  readonly LEDGER: ServiceNamespace<LedgerService>;
  readonly TARGET_HEALTH: ServiceNamespace<TargetHealthService>;
  readonly TELEMETRY: ServiceNamespace<TelemetryService>;
  readonly BATCH_RUN: ServiceNamespace<BatchRunService>;
  readonly BUNDLES: KVNamespace;
  readonly TRACE_BODIES: R2Bucket;
  readonly STATE: R2Bucket;
  readonly TRACES: Queue<string>;
  readonly CONTROL: ControlService;
}

const bindingNames = [
  "CONFIG_HUB",
  "TRACE_OUTBOX",
  "LEDGER",
  "TARGET_HEALTH",
  "TELEMETRY",
  "BATCH_RUN",
  "BUNDLES",
  "TRACE_BODIES",
  "STATE",
  "TRACES",
  "CONTROL",
] as const;

/**
 * The only reader of `env`.
 * @throws Error that names the variable or binding at fault, never its value.
 */
export function readConfig(env: Readonly<Record<string, unknown>>): GatewayConfig {
  const missing = bindingNames.filter((name) => env[name] === undefined);
  if (missing.length > 0) throw new Error(`missing bindings: ${missing.join(", ")}`);
  const vars = varsSchema.safeParse(env);
  if (!vars.success) {
    throw new Error(`invalid variables: ${vars.error.issues.map((issue) => issue.path.join(".")).join(", ")}`);
  }
  const bindings = env as unknown as GatewayBindings;
  return {
    bundlePublicKey: vars.data.BUNDLE_PUBLIC_KEY,
    bundleFreshMs: vars.data.BUNDLE_FRESH_MS,
    bundleStaleMs: vars.data.BUNDLE_STALE_MS,
    allowedPrivateHosts: vars.data.ALLOWED_PRIVATE_HOSTS,
    allowedOrigins: vars.data.ALLOWED_ORIGINS,
    traceDurability: vars.data.TRACE_DURABILITY,
    localKeyHint: vars.data.LOCAL_KEY_HINT === "" ? undefined : vars.data.LOCAL_KEY_HINT,
    runnerHealthUrl: vars.data.RUNNER_HEALTH_URL === "" ? undefined : vars.data.RUNNER_HEALTH_URL,
    configHub: bindings.CONFIG_HUB,
    traceOutbox: bindings.TRACE_OUTBOX,
    ledger: bindings.LEDGER,
    targetHealth: bindings.TARGET_HEALTH,
    telemetry: bindings.TELEMETRY,
    batchRun: bindings.BATCH_RUN,
    metricsToken: vars.data.METRICS_TOKEN === "" ? undefined : vars.data.METRICS_TOKEN,
    ledgerShards: vars.data.LEDGER_SHARDS,
    bundles: bindings.BUNDLES,
    traceBodies: bindings.TRACE_BODIES,
    state: bindings.STATE,
    traces: bindings.TRACES,
    control: bindings.CONTROL,
    secret: (projectSlug, name) => readSecret(env, projectSlug, name),
  };
}

import type { ConfigHubService, TraceOutboxService } from "@millrace/core/contract";
import type { LedgerService } from "@millrace/core/ledger";
import { readSecret } from "@millrace/core/provider";
import { z } from "zod";
import type { LedgerRoot } from "./objects/ledger/ledger-root.ts";
import type { ExportName } from "./telemetry/export-name.ts";
import { type OtlpSettings, otlpSettings, otlpVariables } from "./telemetry/otlp-settings.ts";
import type { ExportQueue } from "./telemetry/queue-exports.ts";

/** The bindings of `functions/wrangler.toml`, and the secrets, as the platform hands them over. */
export interface FunctionsEnv {
  readonly DATABASE_URL: string;
  /** Only on a laptop: where Neon's SQL-over-HTTP protocol is spoken in front of another PostgreSQL. */
  readonly NEON_FETCH_ENDPOINT?: string;
  readonly BUNDLE_PRIVATE_KEY: string;
  readonly ALLOWED_PRIVATE_HOSTS?: string;
  readonly BUNDLES: KVNamespace;
  readonly TRACE_BODIES: R2Bucket;
  readonly TRACES: Queue<string>;
  readonly TELEMETRY: Queue<ExportName>;
  readonly OTLP_ENDPOINT?: string;
  readonly OTLP_HEADERS?: string;
  readonly OTLP_CONTENT?: string;
  readonly CONFIG_HUB: DurableObjectNamespace<ConfigHubService & Rpc.DurableObjectBranded>;
  readonly TRACE_OUTBOX: DurableObjectNamespace<TraceOutboxService & Rpc.DurableObjectBranded>;
  readonly LEDGER: DurableObjectNamespace<LedgerService & LedgerRoot & Rpc.DurableObjectBranded>;
}

const settingsSchema = z.object({
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, "expected a postgres:// URL"),
  NEON_FETCH_ENDPOINT: z.url().optional(),
  BUNDLE_PRIVATE_KEY: z.base64().min(1),
  ALLOWED_PRIVATE_HOSTS: z.string().default(""),
  ...otlpVariables,
});

export interface Config {
  readonly databaseUrl: string;
  readonly neonFetchEndpoint: string | undefined;
  /** Base64 PKCS#8 Ed25519: signs bundle pointers. */
  readonly bundlePrivateKey: string;
  /** `host:port` of private places that a provider may lie at; the gateway has the same list. */
  readonly allowedPrivateHosts: readonly string[];
  readonly bundles: KVNamespace;
  readonly traceBodies: R2Bucket;
  readonly traces: Queue<string>;
  readonly telemetry: ExportQueue;
  /** Where finished traces are exported to; undefined = nowhere. */
  readonly otlp: OtlpSettings | undefined;
  readonly configHub: (environmentId: string) => ConfigHubService;
  readonly traceOutbox: (name: string) => Pick<TraceOutboxService, "acknowledge" | "read">;
}

/**
 * The only reader of the environment.
 * @throws Error naming the settings at fault, never their values
 */
export function readConfig(env: FunctionsEnv): Config {
  const settings = settingsSchema.safeParse(env);
  if (!settings.success) {
    const names = settings.error.issues.map((issue) => issue.path.join("."));
    throw new Error(`settings missing or malformed: ${names.join(", ")}; see functions/wrangler.toml`);
  }
  return {
    databaseUrl: settings.data.DATABASE_URL,
    neonFetchEndpoint: settings.data.NEON_FETCH_ENDPOINT,
    bundlePrivateKey: settings.data.BUNDLE_PRIVATE_KEY,
    allowedPrivateHosts: commaSeparated(settings.data.ALLOWED_PRIVATE_HOSTS),
    bundles: env.BUNDLES,
    traceBodies: env.TRACE_BODIES,
    traces: env.TRACES,
    telemetry: env.TELEMETRY,
    otlp: otlpSettings(settings.data),
    configHub: (environmentId) => env.CONFIG_HUB.getByName(environmentId),
    traceOutbox: (name) => env.TRACE_OUTBOX.getByName(name),
  };
}

/** What alerts of budgets are sent with: the private places that they may go to, and the secrets that they are signed with (`SECRET_*`). */
export function alertSettings(env: FunctionsEnv): {
  readonly allowedPrivateHosts: readonly string[];
  readonly secret: (projectSlug: string, name: string) => string | undefined;
} {
  return {
    allowedPrivateHosts: commaSeparated(env.ALLOWED_PRIVATE_HOSTS ?? ""),
    secret: (projectSlug, name) => readSecret({ ...env }, projectSlug, name),
  };
}

function commaSeparated(list: string): string[] {
  return list
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

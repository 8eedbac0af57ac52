import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pointerMessage } from "@millrace/core/bundle";
import { canonicalJson, sha256Hex } from "@millrace/core/content";
import {
  type Bundle,
  type BundlePointer,
  bundleSchema,
  formatApiKey,
  type TraceMessage,
} from "@millrace/core/contract";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { startFrontDoor } from "../../infra/local/front-door.ts";
import { repositoryRoot } from "./stack.ts";

/** A project with one environment, its key, and the bundle that both live in. */
export interface Tenant {
  readonly key: string;
  readonly environmentId: string;
  readonly bundle: Bundle;
}

export interface TenantOptions {
  readonly slug?: string;
  readonly models?: Bundle["models"];
  readonly providers?: Bundle["providers"];
  readonly prompts?: Pick<Bundle, "prompts" | "versions">;
  readonly budgets?: Bundle["budgets"];
  readonly prices?: Bundle["prices"];
}

export function newTenant(options: TenantOptions = {}): Tenant {
  const environmentId = `env_${randomBytes(16).toString("hex")}`;
  const key = formatApiKey(environmentId, randomBytes(32).toString("base64url"));
  const bundle = bundleSchema.parse({
    schema: 1,
    project: { id: `prj_${randomBytes(16).toString("hex")}`, slug: options.slug ?? "acme" },
    environment: { id: environmentId, name: "production" },
    keys: { [sha256Hex(key)]: { id: "key_1", permissions: ["inference", "traces:read", "budgets:read"] } },
    prompts: options.prompts?.prompts ?? {},
    versions: options.prompts?.versions ?? {},
    models: options.models ?? {},
    providers: options.providers ?? {},
    budgets: options.budgets ?? [],
    prices: options.prices ?? [],
  });
  return { key, environmentId, bundle };
}

interface FunctionsState {
  readonly traces: readonly TraceMessage[];
  readonly batches: readonly number[];
  readonly queued: readonly TraceMessage[];
}

export interface PublishOptions {
  readonly epoch?: number;
  readonly forged?: boolean;
  /** Only into KV, as a place that has not heard from the hub finds it. */
  readonly kvOnly?: boolean;
}

/** Who calls, and what they send beside the body. */
export interface Caller {
  readonly key: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface GatewayUnderTest {
  readonly url: string;
  readonly logs: readonly string[];
  publish(tenant: Pick<Tenant, "environmentId" | "bundle">, options?: PublishOptions): Promise<void>;
  order(order: object): Promise<void>;
  state(): Promise<FunctionsState>;
  spilled(): Promise<readonly string[]>;
  body(key: string): Promise<string | undefined>;
  /** JSON as it is given when it is text. */
  post(path: string, caller: Caller, body: unknown): Promise<Response>;
  close(): Promise<void>;
}

async function bundleWorker(entry: string): Promise<string> {
  const result = await build({
    absWorkingDir: repositoryRoot,
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    jsx: "automatic",
    jsxImportSource: "hono/jsx",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  return result.outputFiles[0]?.text ?? "";
}

const common = { compatibilityDate: "2026-11-02", compatibilityFlags: ["nodejs_compat", "enable_request_signal"] };

export interface GatewayOptions {
  /** A Worker around the gateway's own, for tests that reach behind it. */
  readonly entry?: string;
  /** Another double of the functions Worker. */
  readonly functionsEntry?: string;
  /** Where its state lies; it is the caller's to remove. */
  readonly dir?: string;
}

/** The real gateway in the real runtime, in front of a functions Worker that does what the test says. */
export async function startGateway(
  vars: Readonly<Record<string, string>> = {},
  options: GatewayOptions = {},
): Promise<GatewayUnderTest> {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const forger = generateKeyPairSync("ed25519").privateKey;
  const rawPublicKey = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url").toString("base64");
  const [gateway, functions] = await Promise.all([
    bundleWorker(options.entry ?? "edge/gateway/worker.ts"),
    bundleWorker(options.functionsEntry ?? "test/fakes/functions.worker.ts"),
  ]);
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), "millrace-gateway-"));
  const logs: string[] = [];
  const shared = { kvNamespaces: { BUNDLES: "bundles" }, r2Buckets: { TRACE_BODIES: "bodies" } };
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      cf: false,
      telemetry: { enabled: false },
      resourcePersistencePath: dir,
      defaultPersistRoot: dir,
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: ({ message }) => logs.push(message),
      workers: [
        {
          ...common,
          ...shared,
          r2Buckets: { ...shared.r2Buckets, STATE: "state" },
          name: "gateway",
          // As in the local stack: no Worker of Miniflare's before this one.
          unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
          modules: [{ type: "ESModule", path: "index.js", contents: gateway }],
          bindings: {
            BUNDLE_PUBLIC_KEY: rawPublicKey,
            BUNDLE_FRESH_MS: "50",
            BUNDLE_STALE_MS: "150",
            TRACE_DURABILITY: "before-last-byte",
            ...vars,
          },
          durableObjects: {
            CONFIG_HUB: { className: "ConfigHub", scriptName: "functions", useSQLite: true },
            TRACE_OUTBOX: { className: "TraceOutbox", scriptName: "functions", useSQLite: true },
            LEDGER: { className: "Ledger", scriptName: "functions", useSQLite: true },
            TARGET_HEALTH: { className: "TargetHealth", useSQLite: true },
            TELEMETRY: { className: "Telemetry", useSQLite: true },
            BATCH_RUN: { className: "BatchRun", useSQLite: true },
          },
          queueProducers: { TRACES: "traces" },
          serviceBindings: { CONTROL: { name: "functions", entrypoint: "ControlApi" } },
        },
        {
          ...common,
          ...shared,
          name: "functions",
          modules: [{ type: "ESModule", path: "index.js", contents: functions }],
          durableObjects: {
            CONFIG_HUB: { className: "ConfigHub", useSQLite: true },
            TRACE_OUTBOX: { className: "TraceOutbox", useSQLite: true },
            LEDGER: { className: "Ledger", useSQLite: true },
          },
          bindings: vars,
          queueProducers: { TRACES: "traces" },
          queueConsumers: { traces: { maxBatchSize: 1, maxBatchTimeout: 0 } },
        },
      ],
    }),
  );
  const direct = await miniflare.unsafeGetDirectURL("gateway");
  const frontDoor = await startFrontDoor({ host: "127.0.0.1", port: 0, target: Number(direct.port) });
  const url = `http://127.0.0.1:${frontDoor.port}`;
  const worker = await miniflare.getWorker("functions");
  const order = async (body: object): Promise<void> => {
    await worker.fetch("http://functions/", { method: "POST", body: JSON.stringify(body) });
  };
  let epoch = 0;
  return {
    url,
    logs,
    order,
    async publish(tenant, how = {}) {
      const text = canonicalJson(tenant.bundle);
      const unsigned = {
        environmentId: tenant.environmentId,
        epoch: how.epoch ?? ++epoch,
        hash: sha256Hex(text),
        publishedAtMs: Date.now(),
      };
      const signature = sign(null, pointerMessage(unsigned), how.forged === true ? forger : privateKey);
      const pointer: BundlePointer = { ...unsigned, signature: signature.toString("base64") };
      const kv = await miniflare.getKVNamespace("BUNDLES", "gateway");
      await kv.put(`bundle:${pointer.hash}`, text);
      if (how.kvOnly === true) await kv.put(`pointer:${tenant.environmentId}`, JSON.stringify(pointer));
      else await order({ pointer, bundle: { hash: pointer.hash, text } });
    },
    async state() {
      return (await (await worker.fetch("http://functions/")).json()) as FunctionsState;
    },
    async spilled() {
      const bucket = await miniflare.getR2Bucket("TRACE_BODIES", "gateway");
      return (await bucket.list({ prefix: "spill/" })).objects.map((object) => object.key);
    },
    async body(key) {
      const bucket = await miniflare.getR2Bucket("TRACE_BODIES", "gateway");
      return (await bucket.get(key))?.text();
    },
    post: (path, { key, headers, signal }, body) =>
      fetch(url + path, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
        ...(signal === undefined ? {} : { signal }),
      }),
    async close() {
      await frontDoor.stop();
      await miniflare.dispose();
      if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
    },
  };
}

import { join } from "node:path";
import { loadMigrations, migrate } from "@millrace/migrations/migrate";
import type { RunBatch } from "@millrace/migrations/migrate";
import { seed } from "@millrace/migrations/seed";
import { childProcesses } from "./child-processes.ts";
import { StartError } from "./config.ts";
import type { LocalConfig } from "./config.ts";
import { startCron } from "./cron-ticker.ts";
import { openDatabase } from "./database.ts";
import { drainTraces } from "./drain-traces.ts";
import { startFrontDoor } from "./front-door.ts";
import { guard } from "./guardian.ts";
import { keepLocalKey } from "./local-key.ts";
import { removeLocalFile, writeLocalFile } from "./local-file.ts";
import type { LocalFile } from "./local-file.ts";
import { pointProviderAt } from "./local-provider.ts";
import type { Say } from "./log.ts";
import { startNeonEndpoint } from "./neon-endpoint/index.ts";
import { poll } from "./poll.ts";
import { runBatchOn } from "./run-batch.ts";
import { startRunnerProcess } from "./runner-process.ts";
import { keepSigningKeys } from "./signing-keys.ts";
import { buildWorker } from "./worker-build.ts";
import { type RunningWorkers, startWorkers } from "./worker-stack.ts";

/** Ports that are known to be free. */
export interface StackPorts {
  readonly gateway: number;
  readonly runner: number;
  readonly neon: number;
}

interface Options {
  readonly config: LocalConfig;
  readonly ports: StackPorts;
  readonly log: (component: string) => Say;
  /** Aborts when the start is not wanted any more. */
  readonly signal: AbortSignal;
  /** Called with each part's end as the part starts; the last one is ended first. */
  readonly onStop: (name: string, stop: () => Promise<void> | void) => void;
}

const functionsName = "millrace-functions";
const gatewayName = "millrace-gateway";
/** The Neon driver wants one; the endpoint does not look at it. */
const databaseUrl = "postgres://millrace:local@localhost/millrace";
/** A model of several gigabytes takes a while from a slow disk; one that is downloaded has its own progress in the log. */
const runnerReadyMs = 600_000;
const gatewayReadyMs = 60_000;
const pollMs = 100;

/**
 * Starts every part and returns when all of them answer.
 * @throws StartError for what a person can mend.
 */
export async function startStack({ config, ports, log, signal, onStop }: Options): Promise<LocalFile> {
  const { dataDir } = config;
  await removeLocalFile(dataDir);
  onStop("local file", async () => removeLocalFile(dataDir));
  const runnerUrl = `http://127.0.0.1:${ports.runner}`;
  const modelFailed = new AbortController();
  if (config.runner) {
    const runner = startRunnerProcess({
      root: config.root,
      port: ports.runner,
      env: process.env,
      say: log("runner"),
      onModelFailed: (reason) => modelFailed.abort(reason),
    });
    onStop("runner", async () => runner.stop());
  }
  const [builds, state] = await Promise.all([
    buildAll(config, log("stack")),
    startState({ config, ports, log, onStop }),
  ]);
  const key = await prepare(dataDir, state.runBatch, { runnerUrl, say: log("database") });
  const { miniflare, port } = await startAllWorkers({
    config,
    ports,
    say: log("workers"),
    builds,
    neonUrl: state.neonUrl,
    key,
  });
  onStop("workers", async () => miniflare.dispose());
  const frontDoor = await startFrontDoor({ host: config.host, port: ports.gateway, target: port });
  onStop("front door", async () => frontDoor.stop());
  const guardian = guard(childProcesses);
  onStop("guardian", () => guardian.dismiss());
  onStop("trace queue", async () => {
    const left = await drainTraces(miniflare, functionsName);
    if (left > 0) log("stack")("warn", `${left} traces wait on disk for the next start`);
  });
  const cron = await startCron(miniflare, functionsName, log("stack"));
  onStop("cron", () => cron.stop());
  const url = `http://${config.host.includes(":") ? `[${config.host}]` : hostForPeople(config.host)}:${ports.gateway}`;
  const file: LocalFile = { url, key, runner: config.runner ? runnerUrl : null, docs: `${url}/docs` };
  await untilAllAnswer(file, log("stack"), { wanted: signal, modelFailed: modelFailed.signal });
  await writeLocalFile(dataDir, file);
  return file;
}

async function startState({ config, ports, log, onStop }: Omit<Options, "signal">) {
  const database = await openDatabase({
    dataDir: config.dataDir,
    databaseUrl: config.databaseUrl,
    say: log("database"),
  });
  onStop("database", async () => database.close());
  const endpoint = await startNeonEndpoint({ backend: database.backend, port: ports.neon });
  onStop("Neon endpoint", async () => endpoint.close());
  return { runBatch: runBatchOn(database.backend), neonUrl: endpoint.url };
}

async function prepare(
  dataDir: string,
  runBatch: RunBatch,
  { runnerUrl, say }: { runnerUrl: string; say: Say },
): Promise<string> {
  const { applied } = await migrate(runBatch, await loadMigrations());
  if (applied.length > 0) say("info", `migrated: ${applied.join(", ")}`);
  await seed(runBatch, { runnerUrl: `${runnerUrl}/v1` });
  await pointProviderAt(runnerUrl, runBatch);
  return keepLocalKey(dataDir, runBatch);
}

async function buildAll(config: LocalConfig, say: Say) {
  const startedMs = Date.now();
  const build = async (name: string, configPath: string) =>
    buildWorker({ root: config.root, configPath, outDir: join(config.root, ".millrace", "build", name) });
  // One after the other: the database starts beside them, and two cores are all that a laptop may have.
  const gateway = await build(gatewayName, "wrangler.toml");
  const functions = await build(functionsName, "functions/wrangler.toml");
  if (gateway.fresh || functions.fresh)
    say("info", `built the Workers in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
  return { gateway, functions };
}

async function startAllWorkers(options: {
  readonly config: LocalConfig;
  readonly ports: StackPorts;
  readonly say: Say;
  readonly builds: Awaited<ReturnType<typeof buildAll>>;
  readonly neonUrl: string;
  readonly key: string;
}): Promise<RunningWorkers> {
  const { config, ports, say, builds, neonUrl, key } = options;
  const signing = await keepSigningKeys(config.dataDir);
  const allowedPrivateHosts = [`127.0.0.1:${ports.runner}`, ...config.allowedPrivateHosts].join(",");
  return startWorkers({
    persistDir: join(config.dataDir, "cf"),
    say,
    workers: [
      {
        name: gatewayName,
        configPath: join(config.root, "wrangler.toml"),
        build: builds.gateway,
        vars: {
          BUNDLE_PUBLIC_KEY: signing.publicKey,
          // A laptop has one isolate and the hub beside it: a label that moves is seen within half a second.
          BUNDLE_FRESH_MS: "150",
          BUNDLE_STALE_MS: "400",
          ALLOWED_PRIVATE_HOSTS: allowedPrivateHosts,
          RUNNER_HEALTH_URL: config.runner ? `http://127.0.0.1:${ports.runner}/healthz` : "",
          // The welcome page fills the key in; a gateway that other machines reach must not give it away.
          ...(isLoopback(config.host) ? { LOCAL_KEY_HINT: key } : {}),
          ...config.observability.gateway,
          ...config.secrets,
        },
      },
      {
        name: functionsName,
        configPath: join(config.root, "functions/wrangler.toml"),
        build: builds.functions,
        vars: {
          DATABASE_URL: databaseUrl,
          NEON_FETCH_ENDPOINT: neonUrl,
          BUNDLE_PRIVATE_KEY: signing.privateKey,
          ALLOWED_PRIVATE_HOSTS: allowedPrivateHosts,
          ...config.observability.functions,
          // What webhooks of budgets are signed with is among them.
          ...config.secrets,
        },
      },
    ],
  });
}

/** The gateway knows the key, so a bundle with it is published; and the runner has its model. */
async function untilAllAnswer(
  { url, key, runner }: LocalFile,
  say: Say,
  { wanted, modelFailed }: { readonly wanted: AbortSignal; readonly modelFailed: AbortSignal },
): Promise<void> {
  const answers = async (address: string, init?: RequestInit) => {
    const response = await fetch(address, { ...init, signal: AbortSignal.timeout(5_000) });
    await response.body?.cancel();
    return response.ok;
  };
  const headers = { authorization: `Bearer ${key}` };
  const published = await poll(async () => answers(`${url}/v1/models`, { headers }), {
    withinMs: gatewayReadyMs,
    everyMs: pollMs,
    signal: wanted,
  });
  if (!published)
    throw new StartError("the gateway does not answer with the published configuration; its words are above.");
  if (runner === null) return;
  say("info", "waiting for the local model …");
  const ready = await poll(async () => answers(`${runner}/healthz`), {
    withinMs: runnerReadyMs,
    everyMs: pollMs,
    signal: AbortSignal.any([wanted, modelFailed]),
  });
  if (modelFailed.aborted) {
    throw new StartError(`no local model: ${String(modelFailed.reason)} MILLRACE_RUNNER=off starts without one.`);
  }
  if (!ready)
    throw new StartError("the runner has no model; its words are above. MILLRACE_RUNNER=off starts without it.");
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

/** An address that means every one is not one to call. */
function hostForPeople(host: string): string {
  return host === "0.0.0.0" ? "127.0.0.1" : host;
}

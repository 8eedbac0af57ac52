import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { readable } from "./log.ts";
import type { Level, Say } from "./log.ts";
import type { WorkerBuild } from "./worker-build.ts";

export interface LocalWorker {
  readonly name: string;
  /** Path of its wrangler.toml. */
  readonly configPath: string;
  readonly build: WorkerBuild;
  /** Variables and secrets on top of those of the wrangler.toml. */
  readonly vars: Readonly<Record<string, string>>;
}

interface Options {
  /** Where KV, R2 and the objects live. */
  readonly persistDir: string;
  /** The first one gets the requests. */
  readonly workers: readonly LocalWorker[];
  readonly say: Say;
}

export interface RunningWorkers {
  readonly miniflare: Miniflare;
  /** Of the first Worker, on the loopback interface. */
  readonly port: number;
}

/** Four lines each minute that say that there was nothing to do would drown the others. */
const idleTick = /^cron-job .*outcome=ok count=0\b/;

/**
 * Runs the bundles of all Workers in one workerd, on the loopback interface and free ports. Requests reach the first one straight from its
 * socket; Miniflare's own entry, a Worker in JavaScript before every request, is left for the launcher.
 */
export async function startWorkers({ persistDir, workers, say }: Options): Promise<RunningWorkers> {
  const giveBack = holdSignals();
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      cf: false,
      logRequests: false,
      // The minute's tick comes over HTTP; only this machine can reach it.
      unsafeTriggerHandlers: true,
      telemetry: { enabled: false },
      resourcePersistencePath: persistDir,
      defaultPersistRoot: persistDir,
      resourceTmpPath: join(persistDir, "tmp"),
      log: new StackLog(say),
      handleStructuredLogs: ({ level, message }) => {
        const words = readable(message, levelOf(level));
        if (idleTick.test(words.text)) return;
        say(words.level, words.text);
      },
      handleUncaughtError: (error) => say("error", error.message),
      workers: workers.map((worker, index) => ({
        ...workerOptions(worker),
        ...(index === 0 ? { unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] } : {}),
      })),
    }),
  );
  try {
    await miniflare.ready;
    giveBack();
    return { miniflare, port: Number((await miniflare.unsafeGetDirectURL(workers[0]?.name)).port) };
  } catch (error) {
    await miniflare.dispose().catch(() => undefined);
    throw error;
  }
}

/** wrangler's own reading of the wrangler.toml, so that a binding added there is there here. */
function workerOptions({ name, configPath, build, vars }: LocalWorker) {
  const {
    modulesRules: _rules,
    rootPath: _root,
    ...options
  } = unstable_getMiniflareWorkerOptions(configPath).workerOptions;
  return {
    ...options,
    name,
    modules: build.modules.map((module) => ({ ...module })),
    bindings: { ...jsonObject(options["bindings"]), ...vars },
  };
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Miniflare ends the whole process at a signal, in the middle of a clean end: what it adds to the listeners is taken off again. */
function holdSignals(): () => void {
  const own = new Map(signals.map((signal) => [signal, new Set(process.rawListeners(signal))]));
  return () => {
    for (const [signal, listeners] of own) {
      for (const listener of process.rawListeners(signal)) {
        if (!listeners.has(listener)) process.removeListener(signal, listener as NodeJS.SignalsListener);
      }
    }
  };
}

class StackLog extends Log {
  readonly #say: Say;

  constructor(say: Say) {
    super(LogLevel.WARN);
    this.#say = say;
  }

  override logWithLevel(level: LogLevel, message: string): void {
    if (level > this.level) return;
    this.#say(level === LogLevel.ERROR ? "error" : "warn", message);
  }
}

function levelOf(level: string): Level {
  return level === "error" || level === "warn" ? level : "info";
}

function jsonObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { EngineCommand, EngineProcessOptions, EngineReport } from "./protocol.ts";

const ENGINE_PROCESS = fileURLToPath(new URL("./engine-process.ts", import.meta.url));
/** First pause before a restart; doubled per failure in a row, so that a file that crashes the engine does not burn a core. */
const BACKOFF_FIRST_MS = 200;
const BACKOFF_MAX_MS = 30_000;
/** A process that lived this long was healthy: its death starts the back-off anew. */
const HEALTHY_AFTER_MS = 10_000;
/** How often the watchdog looks. */
const WATCH_INTERVAL_MS = 500;
const STDERR_TAIL_CHARACTERS = 2000;

export interface SupervisorOptions {
  readonly process: EngineProcessOptions;
  /** Silence of a busy process after which it counts as hung and is killed. */
  readonly hangMs: number;
  /** Time that loading the model may take. */
  readonly loadMs: number;
}

export interface SupervisorEvents {
  readonly onReport: (report: EngineReport) => void;
  /** The process is gone; `reason` is for people. Called before a restart is scheduled. */
  readonly onDown: (reason: string) => void;
  readonly onRestart: () => void;
  /** Whether work is in flight: only then is silence a hang. */
  readonly busy: () => boolean;
}

/** Pause before the n-th restart in a row, in milliseconds. */
export function backoffMs(failuresInARow: number): number {
  return Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.max(0, failuresInARow - 1));
}

/**
 * Keeps one engine process alive: starts it, watches it, kills it when it hangs, starts it again after a pause. A process that reports
 * `load-failed` is not started again: the same file fails the same way.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #events: SupervisorEvents;
  #child: ChildProcess | undefined;
  #startedAtMs = 0;
  #lastSignMs = 0;
  #ready = false;
  #failures = 0;
  #stopped = false;
  #killReason: string | undefined;
  #retry: NodeJS.Timeout | undefined;
  readonly #watch: NodeJS.Timeout;

  constructor(options: SupervisorOptions, events: SupervisorEvents) {
    this.#options = options;
    this.#events = events;
    this.#watch = setInterval(() => this.#look(), WATCH_INTERVAL_MS);
    this.#watch.unref();
    this.#start();
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  send(command: EngineCommand): void {
    const child = this.#child;
    if (child?.connected === true) child.send(command);
  }

  /** Marks the beginning of work, so that the watchdog measures from here. */
  touch(): void {
    this.#lastSignMs = performance.now();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#watch);
    clearTimeout(this.#retry);
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGKILL");
    await gone;
  }

  #start(): void {
    const child = fork(ENGINE_PROCESS, [JSON.stringify(this.#options.process)], {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      execArgv: [],
    });
    this.#child = child;
    this.#ready = false;
    this.#killReason = undefined;
    this.#startedAtMs = performance.now();
    this.touch();
    let stderrTail = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderrTail = (stderrTail + text).slice(-STDERR_TAIL_CHARACTERS);
    });
    let loadFailure = false;
    child.on("message", (report) => {
      const message = report as EngineReport;
      this.touch();
      if (message.type === "ready") this.#ready = true;
      if (message.type === "load-failed") loadFailure = true;
      this.#events.onReport(message);
    });
    // A message that could not be sent to a dying process: its exit is what counts.
    child.on("error", () => undefined);
    child.once("exit", (code, signal) => {
      this.#child = undefined;
      if (this.#stopped || loadFailure) return;
      const cause = this.#killReason ?? `The engine process ended (${signal ?? `exit code ${code ?? "unknown"}`})`;
      this.#events.onDown(stderrTail.trim() === "" ? `${cause}.` : `${cause}: ${lastLine(stderrTail)}`);
      this.#scheduleRestart();
    });
  }

  #scheduleRestart(): void {
    this.#failures = performance.now() - this.#startedAtMs > HEALTHY_AFTER_MS ? 1 : this.#failures + 1;
    this.#retry = setTimeout(() => {
      this.#events.onRestart();
      this.#start();
    }, backoffMs(this.#failures));
  }

  #look(): void {
    if (this.#child === undefined) return;
    const silentMs = performance.now() - this.#lastSignMs;
    if (this.#ready ? this.#events.busy() && silentMs > this.#options.hangMs : silentMs > this.#options.loadMs) {
      const what = this.#ready ? "No token was decoded" : "The model was not loaded";
      this.#killReason = `${what} for ${Math.round(silentMs / 1000)} s; the engine process was killed`;
      this.#child.kill("SIGKILL");
    }
  }
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

/**
 * The engine process: llama.cpp runs here and nowhere else, so that a crash, a leak or a hung decode can be ended by ending a process.
 * Speaks `protocol.ts` over the IPC channel of its parent, and leaves when that is gone.
 */
import { isMillraceError } from "@millrace/core/contract";
import type { EngineCommand, EngineProcessOptions, EngineReport, WireError } from "./protocol.ts";
import { EmbeddingWorker } from "./embedding-worker.ts";
import { loadModel } from "./load-model.ts";
import { ReportBuffer } from "./report-buffer.ts";
import { SequencePool } from "./sequence-pool.ts";

/** How often an idle process says that it lives; well under any watchdog bound. */
const ALIVE_INTERVAL_MS = 1000;

const send = (report: EngineReport) => {
  if (process.connected) process.send?.(report);
};

async function main(options: EngineProcessOptions): Promise<void> {
  process.on("disconnect", () => process.exit(0));
  // Ctrl-C reaches the whole group; the parent decides when this process ends.
  process.on("SIGINT", () => undefined);
  const loaded = await loadModel(options).catch((error: unknown) => {
    send({ type: "load-failed", message: error instanceof Error ? error.message : String(error) });
    process.exitCode = 1;
    process.disconnect();
  });
  if (loaded === undefined) return;
  const buffer = new ReportBuffer({
    send: (events) => send({ type: "events", events }),
    nowMs: () => performance.now(),
    schedule: (run, delayMs) => void (delayMs < 1 ? setImmediate(run) : setTimeout(run, delayMs)),
  });
  const pool = new SequencePool({ loaded, options, emit: (id, event) => buffer.push(id, event) });
  const embeddings = new EmbeddingWorker(loaded.model, options);
  const alive = () => send({ type: "alive", residentBytes: process.memoryUsage.rss() });
  // While sequences are active only a finished batch step is a proof of life: a hung decode leaves this thread free to lie.
  let stepsSeen = 0;
  setInterval(() => {
    if (pool.active > 0 && pool.steps === stepsSeen) return;
    stepsSeen = pool.steps;
    alive();
  }, ALIVE_INTERVAL_MS).unref();
  process.on("message", (command: EngineCommand) => {
    if (command.type === "generate") pool.start(command.id, command.job);
    else if (command.type === "cancel") pool.cancel(command.id);
    else if (command.type === "close") process.exit(0);
    else {
      embeddings.embed(command.inputs).then(
        (result) => send({ type: "embedded", id: command.id, embeddings: result }),
        (error: unknown) => send({ type: "embed-failed", id: command.id, error: wireError(error) }),
      );
    }
  });
  send({ type: "ready", model: loaded.info });
  alive();
}

function wireError(error: unknown): WireError {
  if (isMillraceError(error)) return { code: error.code, message: error.message, param: error.param };
  const words = error instanceof Error ? error.message : String(error);
  return { code: "internal", message: `The engine failed: ${words}`, param: undefined };
}

await main(JSON.parse(process.argv[2] ?? "{}") as EngineProcessOptions);

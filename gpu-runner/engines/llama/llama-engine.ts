import { MillraceError } from "@millrace/core/contract";
import type { Embedding, Engine, EngineState, GenerateEvent, GenerateJob } from "../engine.ts";
import type { EngineReport, WireError } from "./protocol.ts";
import { Supervisor, type SupervisorOptions } from "./supervisor.ts";

/** Time for the one token of a probe, before the engine counts as degraded. */
const PROBE_TIMEOUT_MS = 10_000;

interface PendingEmbedding {
  readonly resolve: (embeddings: readonly Embedding[]) => void;
  readonly reject: (error: MillraceError) => void;
}

/** The embedded engine: llama.cpp in a supervised process. */
export class LlamaEngine implements Engine {
  readonly #supervisor: Supervisor;
  readonly #jobs = new Map<number, (event: GenerateEvent) => void>();
  readonly #embeddings = new Map<number, PendingEmbedding>();
  #state: EngineState = { state: "starting", reason: "The model is being loaded." };
  #nextId = 1;
  #restarts = 0;
  #residentBytes: number | undefined;

  constructor(options: SupervisorOptions) {
    this.#supervisor = new Supervisor(options, {
      onReport: (report) => this.#receive(report),
      onDown: (reason) => this.#down(reason),
      onRestart: () => {
        this.#restarts += 1;
      },
      busy: () => this.#jobs.size > 0 || this.#embeddings.size > 0,
    });
  }

  /** The engine process, for tests and operators. */
  get pid(): number | undefined {
    return this.#supervisor.pid;
  }

  state(): EngineState {
    return this.#state;
  }

  restarts(): number {
    return this.#restarts;
  }

  residentBytes(): number | undefined {
    return this.#residentBytes;
  }

  generate(job: GenerateJob, onEvent: (event: GenerateEvent) => void): () => void {
    if (this.#state.state !== "ready") {
      onEvent({ type: "error", code: "model-unavailable", message: this.#state.reason, param: undefined });
      return () => undefined;
    }
    const id = this.#nextId++;
    if (this.#jobs.size === 0) this.#supervisor.touch();
    this.#jobs.set(id, onEvent);
    this.#supervisor.send({ type: "generate", id, job });
    return () => {
      if (this.#jobs.has(id)) this.#supervisor.send({ type: "cancel", id });
    };
  }

  async embed(inputs: readonly string[]): Promise<readonly Embedding[]> {
    if (this.#state.state !== "ready") throw new MillraceError("model-unavailable", { message: this.#state.reason });
    const id = this.#nextId++;
    this.#supervisor.touch();
    return new Promise<readonly Embedding[]>((resolve, reject) => {
      this.#embeddings.set(id, { resolve, reject });
      this.#supervisor.send({ type: "embed", id, inputs });
    });
  }

  async probe(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const cancel = this.generate(PROBE_JOB, (event) => {
        if (event.type === "finish") resolve();
        if (event.type === "error") reject(new MillraceError("model-unavailable", { message: event.message }));
      });
      setTimeout(() => {
        cancel();
        reject(new MillraceError("model-unavailable", { message: `No token within ${PROBE_TIMEOUT_MS} ms.` }));
      }, PROBE_TIMEOUT_MS).unref();
    });
  }

  async close(): Promise<void> {
    this.#state = { state: "closed", reason: "The runner is shutting down." };
    await this.#supervisor.stop();
    this.#abort("The runner is shutting down; the answer is not complete.");
  }

  #receive(report: EngineReport): void {
    switch (report.type) {
      case "ready":
        this.#state = { state: "ready", model: report.model };
        break;
      case "load-failed":
        this.#state = { state: "failed", reason: `llama.cpp cannot load the model: ${report.message}` };
        break;
      case "events":
        for (const [id, event] of report.events) this.#deliver(id, event);
        break;
      case "embedded":
        this.#embeddings.get(report.id)?.resolve(report.embeddings);
        this.#embeddings.delete(report.id);
        break;
      case "embed-failed":
        this.#embeddings.get(report.id)?.reject(toError(report.error));
        this.#embeddings.delete(report.id);
        break;
      case "alive":
        this.#residentBytes = report.residentBytes;
        break;
    }
  }

  #deliver(id: number, event: GenerateEvent): void {
    const onEvent = this.#jobs.get(id);
    if (event.type === "finish" || event.type === "error") this.#jobs.delete(id);
    onEvent?.(event);
  }

  #down(reason: string): void {
    this.#state = { state: "restarting", reason: `${reason} It is being restarted.` };
    this.#residentBytes = undefined;
    this.#abort(`${reason} The answer is not complete.`);
  }

  #abort(message: string): void {
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    for (const onEvent of jobs) onEvent({ type: "error", code: "engine-failed", message, param: undefined });
    for (const { reject } of this.#embeddings.values()) reject(new MillraceError("engine-failed", { message }));
    this.#embeddings.clear();
  }
}

function toError(error: WireError): MillraceError {
  return new MillraceError(error.code, {
    message: error.message,
    ...(error.param === undefined ? {} : { param: error.param }),
  });
}

/** The smallest real work: one greedy token. */
const PROBE_JOB: GenerateJob = {
  prompt: { kind: "text", text: "a" },
  sampling: { temperature: 0, topP: 1, seed: 1, presencePenalty: 0, frequencyPenalty: 0, logitBias: [] },
  maxTokens: 1,
  stop: [],
  grammar: undefined,
  topLogprobs: undefined,
};

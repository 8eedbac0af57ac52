import { MillraceError } from "@millrace/core/contract";
import type { Engine, GenerateEvent, GenerateJob } from "../engines/engine.ts";
import type { Scheduler } from "./scheduler.ts";

/** What the caller of `runJobs` sees of a job; errors and cancellation reject the promise instead. */
export type JobEvent = Exclude<GenerateEvent, { type: "error" }>;

export interface RunJobsOptions {
  readonly engine: Engine;
  readonly scheduler: Scheduler;
  readonly jobs: readonly GenerateJob[];
  /** Aborts waiting, prefill and decode alike; its reason becomes the rejection. */
  readonly signal: AbortSignal;
  readonly onEvent: (choice: number, event: JobEvent) => void;
}

/**
 * Runs every job of a request as sequences become free and resolves when all have ended. The first failure cancels the others.
 * A sequence is given back only when the engine has confirmed its end, so that a cancelled decode is never counted as free too early.
 * @throws MillraceError at once when the queue is full; later what the engine or the signal says.
 */
export async function runJobs(options: RunJobsOptions): Promise<void> {
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, failure.signal]);
  const leases = options.scheduler.acquire(options.jobs.length, signal);
  const results = await Promise.allSettled(
    options.jobs.map(async (job, choice) => {
      try {
        const lease = await leases[choice];
        try {
          await runJob({ ...options, signal, onEvent: (event) => options.onEvent(choice, event) }, job);
        } finally {
          lease?.release();
        }
      } catch (error) {
        failure.abort(error);
        throw error;
      }
    }),
  );
  options.signal.throwIfAborted();
  failure.signal.throwIfAborted();
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

interface RunJobOptions {
  readonly engine: Engine;
  readonly signal: AbortSignal;
  readonly onEvent: (event: JobEvent) => void;
}

async function runJob({ engine, signal, onEvent }: RunJobOptions, job: GenerateJob): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const cancel = engine.generate(job, (event) => {
      if (event.type === "error") {
        settle();
        reject(
          new MillraceError(event.code, {
            message: event.message,
            ...(event.param === undefined ? {} : { param: event.param }),
          }),
        );
        return;
      }
      if (event.type === "finish") settle();
      if (signal.aborted) {
        if (event.type === "finish") reject(signal.reason);
        return;
      }
      onEvent(event);
      if (event.type === "finish") resolve();
    });
    const onAbort = () => cancel();
    const settle = () => signal.removeEventListener("abort", onAbort);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

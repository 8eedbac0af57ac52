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
  /** Told what a cancelled job had generated: work that was done and that nobody saw. */
  readonly onCancelled: (outputTokens: number) => void;
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
  readonly onCancelled: (outputTokens: number) => void;
}

type JobEnd = Extract<GenerateEvent, { type: "finish" | "error" }>;

async function runJob({ engine, signal, onEvent, onCancelled }: RunJobOptions, job: GenerateJob): Promise<void> {
  signal.throwIfAborted();
  // The reader may fail as well; its error is then the outcome, once the engine has confirmed the end.
  let failed: { readonly error: unknown } | undefined;
  let cancel: () => void = () => undefined;
  const onAbort = () => cancel();
  signal.addEventListener("abort", onAbort, { once: true });
  const end = await new Promise<JobEnd>((resolve) => {
    cancel = engine.generate(job, (event) => {
      if (event.type === "finish" || event.type === "error") return resolve(event);
      if (signal.aborted || failed !== undefined) return;
      try {
        onEvent(event);
      } catch (error) {
        failed = { error };
        cancel();
      }
    });
  });
  signal.removeEventListener("abort", onAbort);
  if (end.type === "error") {
    throw new MillraceError(end.code, {
      message: end.message,
      ...(end.param === undefined ? {} : { param: end.param }),
    });
  }
  if (failed === undefined && !signal.aborted) return onEvent(end);
  onCancelled(end.outputTokens);
  throw failed === undefined ? signal.reason : failed.error;
}

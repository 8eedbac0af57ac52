import { errorFields, type Log } from "@millrace/core/log";

export interface Job {
  readonly name: string;
  /** Resolves to how many things it dealt with. */
  readonly run: () => Promise<number>;
}

export interface RunJobsDeps {
  readonly log: Log;
  readonly now: () => number;
}

/** Runs the jobs one after another, each with a line in the log; one that fails does not keep the others from running. Never throws. */
export async function runJobs(jobs: readonly Job[], deps: RunJobsDeps): Promise<void> {
  for (const job of jobs) {
    const startedMs = deps.now();
    const elapsed = () => ({ job: job.name, duration_ms: deps.now() - startedMs });
    try {
      const count = await job.run();
      deps.log("info", "cron-job", { ...elapsed(), outcome: "ok", count });
    } catch (error) {
      deps.log("error", "cron-job", { ...elapsed(), outcome: "failed", ...errorFields(error) });
    }
  }
}

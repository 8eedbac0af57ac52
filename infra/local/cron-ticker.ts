import { Cron } from "croner";
import type { Miniflare } from "miniflare";
import type { Say } from "./log.ts";

export interface CronTicker {
  stop(): void;
}

/** Calls the Worker's `scheduled()` on its cron expression, and once now. */
export async function startCron(miniflare: Miniflare, workerName: string, say: Say): Promise<CronTicker> {
  const worker = await miniflare.getWorker(workerName);
  const expression = "* * * * *";
  const tick = async () => {
    try {
      await worker.scheduled({ scheduledTime: new Date(), cron: expression });
    } catch (error) {
      say("error", `the minute's tick failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  await tick();
  const cron = new Cron(expression, { protect: true }, tick);
  return { stop: () => cron.stop() };
}

import { Cron } from "croner";
import type { Miniflare } from "miniflare";
import type { Say } from "./log.ts";

export interface CronTicker {
  stop(): void;
}

/**
 * Calls the Worker's `scheduled()` each minute, and once now. Over HTTP, because Miniflare's proxy (`getWorker`) blocks this
 * process until the call returns, and the Worker calls back into it for the database.
 */
export async function startCron(miniflare: Miniflare, workerName: string, say: Say): Promise<CronTicker> {
  const expression = "* * * * *";
  const address = `http://localhost/cdn-cgi/local/scheduled?cron=${encodeURIComponent(expression)}`;
  const tick = async () => {
    try {
      const response = await miniflare.dispatchFetch(address, { headers: { "MF-Route-Override": workerName } });
      const outcome = await response.text();
      if (!response.ok) say("error", `the minute's tick: ${response.status} ${outcome}`);
    } catch (error) {
      say("error", `the minute's tick failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  await tick();
  const cron = new Cron(expression, { protect: true }, tick);
  return { stop: () => cron.stop() };
}

import { once } from "node:events";
import { fileURLToPath, URL } from "node:url";
import { Worker } from "node:worker_threads";
import type { FrontDoorOptions, FrontDoorReport } from "./front-door-thread.ts";
import { StartError } from "./config.ts";

export interface FrontDoor {
  /** Where it listens; the one that was asked for unless that was 0. */
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * What Cloudflare's edge is in front of a Worker: the connections of callers end here, and a caller who hangs up is gone at once. workerd by
 * itself sees a closed connection only when it next writes to it, which while a model thinks may be minutes later. A thread of its own, because
 * the launcher's is busy with the database.
 * @throws StartError when it cannot listen.
 */
export async function startFrontDoor(options: FrontDoorOptions): Promise<FrontDoor> {
  const thread = new Worker(fileURLToPath(new URL("./front-door-thread.ts", import.meta.url)), { workerData: options });
  const [report] = (await once(thread, "message")) as [FrontDoorReport];
  if ("error" in report) {
    await thread.terminate();
    throw new StartError(`cannot listen on ${options.host}:${options.port}: ${report.error}`);
  }
  return {
    port: report.port,
    stop: async () => {
      await thread.terminate();
    },
  };
}

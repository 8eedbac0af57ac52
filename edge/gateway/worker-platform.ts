import { log } from "./log.ts";
import type { Platform } from "./pipeline/create-pipeline.ts";

/** The platform as the runtime gives it. Its clock only moves between I/O on Cloudflare. */
export const workerPlatform: Platform = {
  nowMs: () => performance.timeOrigin + performance.now(),
  fetch: (input, init) => fetch(input, init),
  randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
  log,
};

import { CliError } from "../cli-error.ts";
import type { CliContext } from "../context.ts";
import { renderDuration } from "../render/time.ts";

const POLL_MS = 40;
/** Publication takes well under a second; after this something is stuck, and the cron sweeper will have another try. */
const GIVE_UP_MS = 30_000;

/** Waits until nothing is left to publish and the gateway serves what is published; gives back the milliseconds since `sinceMs`. */
export async function awaitLive(context: CliContext, sinceMs: number): Promise<number> {
  const client = context.client();
  for (;;) {
    const { pending, epoch, served_epoch: served } = await client.bundle();
    const elapsedMs = context.nowMs() - sinceMs;
    if (pending === 0 && (served === undefined || epoch === null || served >= epoch)) return elapsedMs;
    if (elapsedMs > GIVE_UP_MS || context.signal.aborted) {
      throw new CliError({
        code: "timeout",
        message: `the change is stored, and still not published after ${renderDuration(elapsedMs)}`,
        remedy: "It is published as soon as the functions Worker can; `millrace status` shows what is away.",
        retryable: true,
      });
    }
    await context.sleep(POLL_MS, context.signal);
  }
}

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
    if (elapsedMs > GIVE_UP_MS || context.signal.aborted) throw notLive(pending, elapsedMs);
    await context.sleep(POLL_MS, context.signal);
  }
}

/** The end of a command that changed what the gateway serves: waits until it is served, so that the next line of a script can rely on it. */
export async function noteLive(context: CliContext, sinceMs: number): Promise<void> {
  const liveAfterMs = await awaitLive(context, sinceMs);
  if (!context.json) context.note(context.paint("dim", `live after ${renderDuration(liveAfterMs)}\n`));
}

function notLive(pending: number, elapsedMs: number): CliError {
  return new CliError({
    code: "timeout",
    message: `the change is stored, and still not ${pending > 0 ? "published" : "served"} after ${renderDuration(elapsedMs)}`,
    remedy: "It is published as soon as the functions Worker can; `millrace status` shows what is away.",
    retryable: true,
  });
}

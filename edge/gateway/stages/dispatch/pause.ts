import type { WatchdogDeps } from "./watchdog.ts";

/** Waits, unless the signal fires first. @throws the signal's reason. */
export function pause(
  delayMs: number,
  signal: AbortSignal,
  deps: Pick<WatchdogDeps, "setTimer" | "clearTimer">,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const stop = (): void => {
      deps.clearTimer(timer);
      reject(signal.reason as Error);
    };
    const timer = deps.setTimer(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, delayMs);
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** Two signals this close together are one: a terminal, npm and its shell each pass the same Ctrl-C on. */
const sameSignalMs = 1_000;

/** Exit codes of a process that a signal ended: 128 and the signal's number. */
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Resolves at the first signal to end, or when the process that started this one is gone. A second signal ends at once.
 */
export async function shutdownAsked(onSecond: () => void): Promise<string> {
  return new Promise((resolve) => {
    let firstMs: number | undefined;
    const heard = (reason: string, exitCode: number) => {
      const nowMs = Date.now();
      if (firstMs === undefined) {
        firstMs = nowMs;
        resolve(reason);
      } else if (nowMs - firstMs > sameSignalMs) {
        onSecond();
        process.exit(exitCode);
      }
    };
    for (const [signal, code] of Object.entries(exitCodes)) process.on(signal, () => heard(signal, code));
    process.on("disconnect", () => heard("the starter is gone", exitCodes.SIGHUP));
    // Listening keeps the channel's end of the process alive; nothing else should.
    process.channel?.unref();
  });
}

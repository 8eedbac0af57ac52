/** Longer than any bound that the product promises (5 s for configuration, seconds for traces), for a busy machine. */
const GIVE_UP_MS = 30_000;
const PAUSE_MS = 100;

/** Repeats an assertion until it holds. @throws its last failure when it never does. */
export async function eventually(assertion: () => Promise<void> | void, giveUpMs = GIVE_UP_MS): Promise<void> {
  const until = Date.now() + giveUpMs;
  for (;;) {
    try {
      await assertion();
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, PAUSE_MS);
      });
    }
  }
}

/** What may wait for a slow caller; beyond it the sender is slowed down instead. */
const MAX_AHEAD_BYTES = 256 * 1024;
/** The runtime reads this much by itself before it asks whether to go on. */
const AHEAD_STEP_BYTES = 32 * 1024;
/** The most that one read brings: some hundred events. */
const READ_BYTES = 16 * 1024;

/** The bytes of a body, piece by piece. */
export interface ByteSource {
  /**
   * The next piece; undefined at the end. Its bytes may be overwritten by the next read.
   * @throws what broke the body, once all that came before was read
   */
  read(): Promise<Uint8Array | undefined>;
  /** Gives the body up. Never throws. */
  cancel(): void;
}

/** A body of which everything that is there comes in one piece. */
export interface AheadSource extends ByteSource {
  /** Waits, but not beyond the end of the body. */
  pause(delayMs: number): Promise<void>;
}

/**
 * Lets the runtime read ahead of us, so that one read brings a whole burst. A read of a response's body brings one HTTP chunk, and a turn of
 * JavaScript for each costs far more than what is done with the event in it; a pause between two reads alone does not help, the chunks then
 * wait one by one. So the body is split: one branch is pulled natively, in large steps whose bytes nobody looks at, which fills the buffer of
 * the other. It takes some 200 KB a stream, half of it the runtime's.
 */
export function readAhead(body: ReadableStream<Uint8Array>): AheadSource {
  const [content, motor] = body.tee();
  const reader = content.getReader({ mode: "byob" });
  // The pipe takes each chunk as it comes; a branch read in large steps itself would hold the other one back until a step is full.
  const puller = motor.pipeThrough(new IdentityTransformStream()).getReader({ mode: "byob" });
  let buffer = new ArrayBuffer(READ_BYTES);
  let aheadBytes = 0;
  let over = false;
  /** Ends the wait of the puller for the reader, or of the reader for the puller. */
  let goOn: () => void = () => undefined;
  let hurry: () => void = () => undefined;

  const pull = async (): Promise<void> => {
    let step = new ArrayBuffer(AHEAD_STEP_BYTES);
    while (!over) {
      const { done, value } = await puller.readAtLeast(AHEAD_STEP_BYTES, new Uint8Array(step));
      if (done) return;
      step = value.buffer;
      aheadBytes += value.byteLength;
      if (aheadBytes > MAX_AHEAD_BYTES && !over) await new Promise<void>((resolve) => (goOn = resolve));
    }
  };
  const finish = (): void => {
    over = true;
    goOn();
    hurry();
  };
  // A body that breaks breaks for both branches; whoever reads the content hears of it.
  pull().then(finish, finish);

  return {
    async pause(delayMs) {
      if (over) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, delayMs);
        hurry = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
    async read() {
      const { done, value } = await reader.read(new Uint8Array(buffer));
      if (done) return undefined;
      buffer = value.buffer;
      aheadBytes -= value.byteLength;
      if (aheadBytes <= MAX_AHEAD_BYTES) goOn();
      return value;
    },
    cancel() {
      finish();
      for (const branch of [reader, puller]) branch.cancel().catch(() => undefined);
    },
  };
}

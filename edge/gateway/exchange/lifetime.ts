export type KeepAlive = (work: Promise<unknown>) => void;

/**
 * The work of one exchange that must outlive its caller, as one promise for the platform instead of one for each part: every one that it is given
 * costs more than a stage of the pipeline.
 */
export class Lifetime {
  #underWay = 0;
  #isOver = false;
  readonly #done = Promise.withResolvers<void>();
  readonly #keepAlive: KeepAlive;

  constructor(keepAlive: KeepAlive) {
    this.#keepAlive = keepAlive;
    keepAlive(this.#done.promise);
  }

  /** Adds a part; whatever becomes of it. What comes when all others are over is handed to the platform by itself. */
  add(work: Promise<unknown>): void {
    if (this.#isOver) {
      this.#keepAlive(work);
      return;
    }
    this.#underWay++;
    const end = (): void => {
      if (--this.#underWay > 0) return;
      this.#isOver = true;
      this.#done.resolve();
    };
    work.then(end, end);
  }
}

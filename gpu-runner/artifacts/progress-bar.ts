export interface ProgressBarOptions {
  readonly label: string;
  readonly totalBytes: number;
  readonly out: { readonly isTTY?: boolean; write(text: string): unknown };
}

const WIDTH = 30;
const MEGA = 1_000_000;

/** A bar that redraws itself in a terminal, and writes a line per ten percent elsewhere, so that a log stays readable. */
export class ProgressBar {
  readonly #options: ProgressBarOptions;
  #shown = -1;

  constructor(options: ProgressBarOptions) {
    this.#options = options;
  }

  update(bytes: number): void {
    const { label, totalBytes, out } = this.#options;
    const percent = totalBytes === 0 ? 100 : Math.floor((100 * bytes) / totalBytes);
    const step = out.isTTY === true ? percent : Math.floor(percent / 10) * 10;
    if (step === this.#shown) return;
    this.#shown = step;
    const filled = Math.round((WIDTH * Math.min(100, percent)) / 100);
    const bar = `${"█".repeat(filled)}${"░".repeat(WIDTH - filled)}`;
    const text = `${label} ${bar} ${percent} % of ${(totalBytes / MEGA).toFixed(1)} MB`;
    out.write(out.isTTY === true ? `\r${text}` : `${text}\n`);
  }

  end(): void {
    if (this.#options.out.isTTY === true && this.#shown >= 0) this.#options.out.write("\n");
  }
}

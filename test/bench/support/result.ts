/** One measured number. A ratio is always of two numbers of the same run on the same machine. */
export interface BenchRow {
  readonly what: string;
  /** undefined: could not be measured here; `note` says why. */
  readonly value: number | undefined;
  readonly unit: string;
  readonly n: number;
  readonly interval?: { readonly low: number; readonly high: number };
  readonly aim?: string;
  readonly note?: string;
}

export interface BenchResult {
  readonly name: string;
  readonly rows: readonly BenchRow[];
}

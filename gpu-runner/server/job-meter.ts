import type { WireUsage } from "@millrace/core/contract";
import type { JobEvent } from "../scheduler/run-jobs.ts";
import type { Metrics } from "./metrics.ts";

export interface JobMeterOptions {
  readonly metrics: Metrics;
  readonly onDecoded: () => void;
  readonly startedMs: number;
  /** Choices that share one prompt; the prompt is counted once per group. Absent = all of them. */
  readonly choicesPerPrompt?: number;
}

/** Counts one request exactly: the prompt once, every generated token of every choice. */
export class JobMeter {
  readonly #options: JobMeterOptions;
  #promptTokens = 0;
  #cachedTokens = 0;
  #outputTokens = 0;
  #seenText = false;

  constructor(options: JobMeterOptions) {
    this.#options = options;
  }

  see(choice: number, event: JobEvent): void {
    const { metrics, onDecoded, startedMs, choicesPerPrompt } = this.#options;
    if (event.type === "start") {
      metrics.countPrompt(event.promptTokens, event.cachedTokens);
      if (choice % (choicesPerPrompt ?? Number.POSITIVE_INFINITY) !== 0) return;
      this.#promptTokens += event.promptTokens;
      this.#cachedTokens += event.cachedTokens;
    } else if (event.type === "text") {
      onDecoded();
      if (!this.#seenText) metrics.observeFirstToken((performance.now() - startedMs) / 1000);
      this.#seenText = true;
    } else {
      metrics.countGenerated(event.outputTokens);
      this.#outputTokens += event.outputTokens;
    }
  }

  usage(): WireUsage {
    return {
      prompt_tokens: this.#promptTokens,
      completion_tokens: this.#outputTokens,
      total_tokens: this.#promptTokens + this.#outputTokens,
      prompt_tokens_details: { cached_tokens: this.#cachedTokens },
    };
  }
}

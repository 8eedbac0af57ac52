/** Upper bounds of the time-to-first-token histogram, in seconds: from a cached prefix on a GPU to a long prefill on a CPU. */
const FIRST_TOKEN_BOUNDS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export interface Gauges {
  readonly queued: number;
  readonly active: number;
  readonly engineRestarts: number;
  readonly runnerBytes: number;
  /** Undefined while there is no engine process. */
  readonly engineBytes: number | undefined;
  readonly ready: boolean;
}

/** Counters of one runner, rendered in Prometheus' text format 0.0.4. */
export class Metrics {
  readonly #requests = new Map<string, number>();
  #promptTokens = 0;
  #cachedTokens = 0;
  #generatedTokens = 0;
  readonly #firstToken = FIRST_TOKEN_BOUNDS_S.map(() => 0);
  #firstTokenCount = 0;
  #firstTokenSumS = 0;

  /** `outcome` is `ok` or an error code of the catalogue: few values. */
  countRequest(route: string, outcome: string): void {
    const key = `route="${route}",outcome="${outcome}"`;
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1);
  }

  countPrompt(tokens: number, cached: number): void {
    this.#promptTokens += tokens;
    this.#cachedTokens += cached;
  }

  countGenerated(tokens: number): void {
    this.#generatedTokens += tokens;
  }

  observeFirstToken(seconds: number): void {
    this.#firstTokenCount += 1;
    this.#firstTokenSumS += seconds;
    FIRST_TOKEN_BOUNDS_S.forEach((bound, index) => {
      if (seconds <= bound) this.#firstToken[index] = (this.#firstToken[index] ?? 0) + 1;
    });
  }

  render(gauges: Gauges): string {
    const one = (name: string, type: string, help: string) => (value: number | undefined) =>
      value === undefined ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name} ${value}`];
    const histogram = "millrace_runner_first_token_seconds";
    const lines = [
      "# HELP millrace_runner_requests_total Requests by route and outcome.",
      "# TYPE millrace_runner_requests_total counter",
      ...[...this.#requests].map(([labels, count]) => `millrace_runner_requests_total{${labels}} ${count}`),
      ...one("millrace_runner_ready", "gauge", "1 when the model is loaded.")(gauges.ready ? 1 : 0),
      ...one("millrace_runner_queue_depth", "gauge", "Sequences that wait.")(gauges.queued),
      ...one("millrace_runner_active_sequences", "gauge", "Sequences that decode.")(gauges.active),
      ...one("millrace_runner_prompt_tokens_total", "counter", "Tokens of prompts.")(this.#promptTokens),
      ...one(
        "millrace_runner_cached_prompt_tokens_total",
        "counter",
        "Prompt tokens found in the KV cache.",
      )(this.#cachedTokens),
      ...one("millrace_runner_generated_tokens_total", "counter", "Tokens of answers.")(this.#generatedTokens),
      ...one(
        "millrace_runner_engine_restarts_total",
        "counter",
        "Starts of the engine after the first.",
      )(gauges.engineRestarts),
      ...one("millrace_runner_resident_bytes", "gauge", "Resident memory of the server process.")(gauges.runnerBytes),
      ...one(
        "millrace_runner_engine_resident_bytes",
        "gauge",
        "Resident memory of the engine process.",
      )(gauges.engineBytes),
      `# HELP ${histogram} Time from the request to the first piece of its answer.`,
      `# TYPE ${histogram} histogram`,
      ...FIRST_TOKEN_BOUNDS_S.map(
        (bound, index) => `${histogram}_bucket{le="${bound}"} ${this.#firstToken[index] ?? 0}`,
      ),
      `${histogram}_bucket{le="+Inf"} ${this.#firstTokenCount}`,
      `${histogram}_sum ${this.#firstTokenSumS}`,
      `${histogram}_count ${this.#firstTokenCount}`,
    ];
    return `${lines.join("\n")}\n`;
  }
}

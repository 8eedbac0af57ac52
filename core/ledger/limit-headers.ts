import type { AccountState } from "./ledger-service.ts";
import { type Metric, metrics } from "./amounts.ts";

const names: Readonly<Record<Metric, string>> = { requests: "requests", tokens: "tokens", usd_micros: "usd-micros" };

/** A duration as OpenAI writes it: `6m0s`, `1h2m3s`, `120ms`. */
export function resetDuration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.ceil(ms))}ms`;
  const seconds = Math.ceil(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return `${hours === 0 ? "" : `${hours}h`}${seconds < 60 ? "" : `${minutes}m`}${seconds % 60}s`;
}

function remaining(state: AccountState): number {
  return Math.max(0, state.limit - state.spent - state.reserved);
}

/** OpenAI's `x-ratelimit-*` headers, for each metric those of the account with the least left; `-usd-micros` is ours. */
export function limitHeaders(accounts: readonly AccountState[], nowMs: number): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const metric of metrics) {
    const [tightest] = accounts
      .filter((state) => state.metric === metric)
      .toSorted((a, b) => remaining(a) - remaining(b));
    if (tightest === undefined) continue;
    headers[`x-ratelimit-limit-${names[metric]}`] = String(tightest.limit);
    headers[`x-ratelimit-remaining-${names[metric]}`] = String(remaining(tightest));
    headers[`x-ratelimit-reset-${names[metric]}`] = resetDuration(tightest.resetsAtMs - nowMs);
  }
  return headers;
}

import type { LedgerAudit, LedgerUsage } from "@millrace/core/ledger";
import { budgetSchema, priceSchema } from "@millrace/core/contract";
import { newTenant, type Tenant } from "../support/gateway.ts";
import { type CountingUpstream, type Fate, type Order } from "./counting-upstream.ts";

/** Micro-dollars for a million tokens: one micro-dollar for an input token, two for an output token. */
const RATES = { input: 1_000_000, output: 2_000_000 };
/** What the caller lets a model generate. */
export const MAX_TOKENS = 40;

/** What one exchange came to, as its caller saw it. */
export interface Outcome {
  readonly order: Order;
  /** `answered`: to the last byte. `left`: the caller did. `lost`: the gateway went away under it. */
  readonly kind: "answered" | "left" | "refused" | "failed" | "lost";
  readonly status: number | undefined;
  readonly code?: string | undefined;
}

/** Draws with a seed, so that a failure can be had again. */
export function chanceOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Faults of the provider are few: many of them in a row would open its circuit, which is another test's. */
function fateOf(percent: number): Fate {
  if (percent < 30) return "whole";
  if (percent < 60) return "stream";
  if (percent < 75) return "left-in-stream";
  if (percent < 90) return "left-early";
  return percent < 95 ? "retried" : "broken-in-stream";
}

export function ordersOf(count: number, seed: number): readonly Order[] {
  const pick = chanceOf(seed);
  return Array.from({ length: count }, (_, index) => ({
    id: `x${seed}-${index}`,
    fate: fateOf(pick(100)),
    inputTokens: 1 + pick(60),
    outputTokens: 2 + pick(MAX_TOKENS - 2),
  }));
}

export interface TortureLimits {
  readonly tokens: number;
  readonly usdMicros: number;
  /** False = no account for each exchange: then all of them take from the same advances. */
  readonly each?: boolean;
}

/** A project with a budget of tokens and one of money that bind, and an account for each user, who is one exchange. */
export function torturedTenant(upstream: CountingUpstream, limits: TortureLimits): Tenant {
  const month = { kind: "calendar", unit: "month" };
  const timeouts = { headers_ms: 20_000, first_token_ms: 20_000, gap_ms: 20_000, total_ms: 60_000 };
  const resilience = { max_attempts: 3, retries_per_target: 2, backoff_ms: 1 };
  return newTenant({
    models: {
      small: {
        name: "small",
        route: { kind: "target", provider: "local", model: "m" },
        surfaces: ["chat"],
        resilience: {
          ...resilience,
          max_retry_after_ms: 10_000,
          recovery: "resume",
          hold_back_chars: 0,
          fallback_on_content_filter: false,
        },
      },
    },
    providers: { local: { name: "local", kind: "runner", base_url: `${upstream.origin}/v1`, timeouts } },
    budgets: [
      budgetSchema.parse({ name: "tokens", scope: "project", window: month, limit: { tokens: limits.tokens } }),
      budgetSchema.parse({ name: "money", scope: "project", window: month, limit: { usd_micros: limits.usdMicros } }),
      ...(limits.each === false
        ? []
        : [
            budgetSchema.parse({
              name: "each",
              scope: "user",
              window: month,
              limit: { requests: 1 },
              on_exceed: "alert",
            }),
          ]),
    ],
    prices: [
      { origin: "override", price: priceSchema.parse({ scope: { provider: "local" }, model: "m", rates: RATES }) },
    ],
  });
}

const leaves = (fate: Fate): boolean => fate === "left-early" || fate === "left-in-stream";

/** One exchange, from its request to its last byte or to its caller's leaving. */
export async function exchange(
  order: Order,
  to: { readonly url: string; readonly key: string; readonly upstream: CountingUpstream },
): Promise<Outcome> {
  const stream = order.fate !== "whole" && order.fate !== "retried";
  const caller = new AbortController();
  const gone = leaves(order.fate) ? to.upstream.spoken(order.id).then(() => order.fate === "left-early") : undefined;
  void gone?.then((early) => {
    if (early) caller.abort();
  });
  try {
    const response = await fetch(`${to.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${to.key}`, "content-type": "application/json" },
      body: JSON.stringify({
        model: "small",
        stream,
        user: order.id,
        max_tokens: MAX_TOKENS,
        messages: [{ role: "user", content: JSON.stringify(order) }],
      }),
      signal: caller.signal,
    });
    if (response.status >= 400) {
      const { error } = (await response.json()) as { error: { code: string } };
      const refused = response.status === 402 || response.status === 429;
      return { order, kind: refused ? "refused" : "failed", status: response.status, code: error.code };
    }
    if (order.fate === "left-in-stream") {
      await response.body?.getReader().read();
      caller.abort();
      return { order, kind: "left", status: response.status };
    }
    await response.text();
    return { order, kind: "answered", status: response.status };
  } catch {
    return { order, kind: caller.signal.aborted ? "left" : "lost", status: undefined };
  }
}

export async function auditOf(url: string, name: string): Promise<LedgerAudit> {
  return (await (await fetch(`${url}/torture/audit?name=${encodeURIComponent(name)}`)).json()) as LedgerAudit;
}

export async function usageOf(url: string, name: string): Promise<readonly LedgerUsage[]> {
  return (await (
    await fetch(`${url}/torture/usage?name=${encodeURIComponent(name)}`)
  ).json()) as readonly LedgerUsage[];
}

export async function crash(url: string, name: string): Promise<void> {
  await fetch(`${url}/torture/crash?name=${encodeURIComponent(name)}`);
}

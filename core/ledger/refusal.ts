import { MillraceError } from "../contract/index.ts";
import { accountSubject } from "./applying-entries.ts";
import type { AccountState } from "./ledger-service.ts";

/** A window shorter than a day passes while somebody waits: a rate. A day and longer is a budget. */
const RATE_WINDOW_MS = 86_400_000;

const units: Readonly<Record<AccountState["metric"], string>> = {
  requests: "request",
  tokens: "token",
  usd_micros: "micro-dollar",
};

function verb(count: number): string {
  return count === 1 ? "is" : "are";
}

/** Whose account it is, where a budget has one for each of them. */
function whose(account: string): string {
  const subject = accountSubject(account);
  return subject === null ? "" : ` of the ${account.slice(0, account.indexOf(":"))} ${subject}`;
}

/**
 * The error for an exchange that an account has no room for: `rate-limited` for requests and tokens within hours, `budget-exceeded` for money and
 * for longer windows. An exchange that the limit could never hold is `request-too-costly`, without a time to come back.
 */
export function refusalError(state: AccountState, asked: number, nowMs: number): MillraceError {
  const { metric, limit } = state;
  const hopeless = asked > limit;
  const isRate = metric !== "usd_micros" && state.windowMs < RATE_WINDOW_MS;
  const code = hopeless ? "request-too-costly" : isRate ? "rate-limited" : "budget-exceeded";
  const resetsAt = new Date(state.resetsAtMs).toISOString();
  const unit = `${units[metric]}${limit === 1 ? "" : "s"}`;
  const stand = `The budget ${state.budget}${whose(state.account)} allows ${limit} ${unit}: ${state.spent} ${verb(state.spent)} spent, ${state.reserved} reserved`;
  const message = hopeless
    ? `${stand}; this request alone could take ${asked}. Set a lower \`max_tokens\`, or have the limit raised.`
    : `${stand}, and this request could take ${asked}. It resets at ${resetsAt}.`;
  return new MillraceError(code, {
    message,
    ...(hopeless ? {} : { retryAfterSeconds: Math.max(1, Math.ceil((state.resetsAtMs - nowMs) / 1000)) }),
    limit: {
      budget: state.budget,
      account: state.account,
      metric,
      limit,
      spent: state.spent,
      reserved: state.reserved,
      asked,
      resets_at: resetsAt,
    },
  });
}

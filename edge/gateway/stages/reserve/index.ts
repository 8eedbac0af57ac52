import { type JsonObject, MillraceError } from "@millrace/core/contract";
import {
  type AccountState,
  applyingEntries,
  type LedgerEntry,
  ledgerName,
  metrics,
  type PartlyKnownAmounts,
  refusalError,
} from "@millrace/core/ledger";
import { errorFields } from "@millrace/core/log";
import type { Admission } from "../../exchange/admission.ts";
import type { Resolution } from "../../exchange/resolution.ts";
import type { HoldOutcome, HoldRequest } from "./advances/isolate-advances.ts";
import { requestBound } from "./request-bound.ts";
import { Reservation, type ReservationDeps, type ReserveDecision } from "./reservation.ts";

export interface ReserveDeps extends ReservationDeps {
  /** Objects that share one project's ledger. */
  readonly shards: number;
  readonly nowMs: () => number;
  readonly newReservationId: () => string;
}

export interface ReserveInput {
  /** Of the exchange: its trace's. */
  readonly id: string;
  readonly admission: Admission;
  readonly resolution: Resolution;
  /** The request in the pipeline's words. */
  readonly body: { readonly fields: Readonly<JsonObject>; readonly bytes: number };
  readonly keepAlive: (work: Promise<unknown>) => void;
  /** Hears how the accounts stand, admitted or refused. */
  readonly tell: (accounts: readonly AccountState[]) => void;
}

/** Beyond what an exchange may take, before its silence is taken for its end. Milliseconds. */
const TTL_MARGIN_MS = 60_000;

/** The longest that the exchange can be under way. */
function ttlMs({ resilience, candidates }: Resolution): number {
  const longest = Math.max(...candidates.map(({ provider }) => provider.timeouts.total_ms));
  return (resilience.deadline_ms ?? longest * resilience.max_attempts) + TTL_MARGIN_MS;
}

function entriesOf({ admission, resolution, body }: ReserveInput): readonly LedgerEntry[] {
  const { budgets } = admission.config.bundle;
  if (budgets.length === 0) return [];
  const { user } = body.fields;
  return applyingEntries(budgets, {
    environment: admission.principal.environment,
    keyId: admission.principal.keyId,
    user: typeof user === "string" ? user : undefined,
    prompt: resolution.prompt?.name,
    model: resolution.model,
  });
}

interface Asking {
  readonly input: ReserveInput;
  readonly entries: readonly LedgerEntry[];
  readonly atMost: PartlyKnownAmounts;
}

/** Exchanges that take from the same advances: of one configuration, about the same accounts, and with the same things known. */
function poolKey({ input, entries, atMost }: Asking): string {
  const known = metrics.map((metric) => (atMost[metric] === null ? "-" : "+")).join("");
  return JSON.stringify([input.admission.config.hash, known, entries.map(({ budget, account }) => [budget, account])]);
}

function holdRequest(asking: Asking, deps: ReserveDeps): HoldRequest {
  const { input, entries, atMost } = asking;
  const { projectId, projectSlug } = input.admission.principal;
  const key = poolKey(asking);
  const pool = deps.advances.pool(key, () => {
    const rolling = entries.some(({ window }) => window.kind === "rolling");
    const name = ledgerName({ projectId, id: deps.newReservationId(), rolling }, deps.shards);
    return { ledgerName: name, project: { id: projectId, slug: projectSlug }, entries };
  });
  return { pool, amounts: atMost, ttlMs: ttlMs(input.resolution), keepAlive: input.keepAlive };
}

async function ask(asking: Asking, deps: ReserveDeps): Promise<ReserveDecision> {
  const { input, entries } = asking;
  const request = holdRequest(asking, deps);
  let outcome: HoldOutcome;
  try {
    outcome = await deps.advances.hold(request);
  } catch (cause) {
    deps.log("error", "ledger-away", { trace_id: input.id, ...errorFields(cause) });
    const blocking = entries.filter((entry) => entry.blocking).map((entry) => entry.budget);
    if (blocking.length === 0) {
      const reservation = new Reservation({ exchangeId: input.id, request, parts: [] }, deps);
      return { state: "open", reservation, accounts: [] };
    }
    throw new MillraceError("state-unavailable", {
      message: `The ledger is away, and the budget ${blocking.join(", ")} admits nothing that it cannot count. Retry in a moment.`,
      retryAfterSeconds: 1,
      cause,
    });
  }
  input.tell(outcome.accounts);
  if (!outcome.ok) throw refusalError(outcome.refusal, outcome.asked, deps.nowMs());
  const { accounts, parts } = outcome;
  return { state: "held", reservation: new Reservation({ exchangeId: input.id, request, parts }, deps), accounts };
}

/**
 * Holds the most that the exchange can take in every account that it is about, or refuses. An exchange that no budget is about asks
 * nobody; far from every limit it takes from what this isolate holds. When the ledger is away, what blocks refuses and what only tells lets pass.
 * @throws MillraceError `rate-limited`, `budget-exceeded`, `request-too-costly`, `unbounded-request`, `unknown-price`, `state-unavailable`.
 */
export async function reserve(input: ReserveInput, deps: ReserveDeps): Promise<ReserveDecision> {
  const entries = entriesOf(input);
  if (entries.length === 0) return { state: "none" };
  const { bundle } = input.admission.config;
  const bound = { resolution: input.resolution, bodyBytes: input.body.bytes, bundle, entries, nowMs: deps.nowMs() };
  return ask({ input, entries, atMost: requestBound(bound) }, deps);
}

export { type AdvanceDeps, IsolateAdvances } from "./advances/isolate-advances.ts";
export type { Due, ReserveDecision, Reservation } from "./reservation.ts";
export { mayBeBilled, settlementOf } from "./settlement-of.ts";

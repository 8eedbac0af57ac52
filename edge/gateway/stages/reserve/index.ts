import { type JsonObject, MillraceError } from "@millrace/core/contract";
import {
  type AccountState,
  applyingEntries,
  type LedgerEntry,
  type PartlyKnownAmounts,
  refusalError,
  type ReserveOutcome,
} from "@millrace/core/ledger";
import { errorFields } from "@millrace/core/log";
import type { Admission } from "../../exchange/admission.ts";
import type { Resolution } from "../../exchange/resolution.ts";
import { ledgerName } from "../../objects/ledger/ledger-name.ts";
import { callLedger } from "./call-ledger.ts";
import { requestBound } from "./request-bound.ts";
import { Reservation, type ReservationDeps, type ReserveDecision, WHILE_WAITED_FOR } from "./reservation.ts";

export interface ReserveDeps extends ReservationDeps {
  /** Objects that share one project's ledger. */
  readonly shards: number;
  readonly nowMs: () => number;
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

async function ask({ input, entries, atMost }: Asking, deps: ReserveDeps): Promise<ReserveDecision> {
  const { id, admission, resolution } = input;
  const project = { id: admission.principal.projectId, slug: admission.principal.projectSlug };
  const rolling = entries.some(({ window }) => window.kind === "rolling");
  const name = ledgerName({ projectId: project.id, exchangeId: id, rolling }, deps.shards);
  const facts = { id, ledgerName: name, project, entries, atMost };
  let outcome: ReserveOutcome;
  try {
    outcome = await callLedger(
      name,
      (ledger) => ledger.reserve({ id, project, entries, atMost, ttlMs: ttlMs(resolution) }),
      { deps, patience: WHILE_WAITED_FOR },
    );
  } catch (cause) {
    deps.log("error", "ledger-away", { trace_id: id, ...errorFields(cause) });
    const blocking = entries.filter((entry) => entry.blocking).map((entry) => entry.budget);
    if (blocking.length === 0) return { state: "open", reservation: new Reservation(facts, false, deps), accounts: [] };
    // The reservation may have been made although its answer was lost.
    input.keepAlive(new Reservation(facts, true, deps).release());
    throw new MillraceError("state-unavailable", {
      message: `The ledger is away, and the budget ${blocking.join(", ")} admits nothing that it cannot count. Retry in a moment.`,
      retryAfterSeconds: 1,
      cause,
    });
  }
  input.tell(outcome.accounts);
  if (!outcome.ok) throw refusalError(outcome.refusal, outcome.asked, deps.nowMs());
  return { state: "held", reservation: new Reservation(facts, true, deps), accounts: outcome.accounts };
}

/**
 * Stage 5. Holds the most that the exchange can take in every account that it is about, or refuses. An exchange that no budget is about asks
 * nobody. When the ledger is away, what blocks refuses and what only tells lets pass.
 * @throws MillraceError `rate-limited`, `budget-exceeded`, `request-too-costly`, `unbounded-request`, `unknown-price`, `state-unavailable`.
 */
export async function reserve(input: ReserveInput, deps: ReserveDeps): Promise<ReserveDecision> {
  const entries = entriesOf(input);
  if (entries.length === 0) return { state: "none" };
  const { bundle } = input.admission.config;
  const bound = { resolution: input.resolution, bodyBytes: input.body.bytes, bundle, entries, nowMs: deps.nowMs() };
  return ask({ input, entries, atMost: requestBound(bound) }, deps);
}

export type { ReserveDecision, Reservation } from "./reservation.ts";
export { mayBeBilled, settlementOf } from "./settlement-of.ts";

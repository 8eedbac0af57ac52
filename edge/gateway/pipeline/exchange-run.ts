import type { MillraceError, TraceRecord, TraceStatus } from "@millrace/core/contract";
import type { Accepted, Dialect, Teller } from "../dialects/dialect.ts";
import type { Admission } from "../exchange/admission.ts";
import { AttemptLog } from "../exchange/attempt-log.ts";
import type { AnswerSummary } from "../exchange/answer.ts";
import type { Resolution } from "../exchange/resolution.ts";
import { Timeline } from "../exchange/timeline.ts";
import { answerHeaders } from "../http/answer-headers.ts";
import type { JsonBody } from "../http/read-json-body.ts";
import type { CacheDecision, Leader } from "../stages/cache/index.ts";
import { accountFor, type ExchangeAccount } from "../stages/record/account-for.ts";
import { countUsage } from "../stages/record/count-usage.ts";
import { estimateUsage } from "../stages/record/estimate-usage.ts";
import { record } from "../stages/record/index.ts";
import type { ExchangeFacts } from "../stages/record/trace-message.ts";
import { Holding } from "./holding.ts";
import type { Caller, PipelineDeps } from "./pipeline-deps.ts";

/** HTTP has no status for a caller who left; this is what proxies log. */
export const CLIENT_CLOSED_STATUS = 499;

/** What the stages made of a request so far; each adds one read-only value. What is absent did not come to be. */
export interface Progress {
  readonly admission?: Admission;
  /** As the caller sent it. */
  readonly body?: JsonBody;
  /** The same in the pipeline's words. */
  readonly accepted?: Accepted;
  readonly resolution?: Resolution;
  readonly cache?: TraceRecord["cache"];
}

/** A request as far as dispatch: who, what, and whether the cache has it. */
export interface Prepared extends Required<Progress> {
  readonly cacheDecision: CacheDecision;
}

export interface Conclusion {
  readonly status: TraceStatus;
  readonly httpStatus: number;
  readonly error: MillraceError | undefined;
  readonly summary: AnswerSummary | undefined;
  readonly firstTokenMs: number | undefined;
  /** Where it had to be known before the answer was sent. */
  readonly account?: ExchangeAccount;
}

/** One exchange under way: its identity, its clock, and its one conclusion. */
export class ExchangeRun {
  readonly dialect: Dialect;
  readonly caller: Caller;
  readonly deps: PipelineDeps;
  readonly traceId: string;
  readonly timeline: Timeline;
  readonly attempts: AttemptLog;
  #holding: Holding | undefined;
  #flight: Leader | undefined;

  constructor(dialect: Dialect, caller: Caller, deps: PipelineDeps) {
    this.dialect = dialect;
    this.caller = caller;
    this.deps = deps;
    this.traceId = deps.newTraceId();
    this.timeline = new Timeline(deps);
    this.attempts = new AttemptLog(this.timeline);
  }

  /** How the answer is told to this caller. */
  teller({ accepted, resolution }: Prepared): Teller {
    const { traceId } = this;
    const { nowMs } = this.deps;
    return accepted.teller({ traceId, resolution, nowMs, estimate: (summary) => estimateUsage(resolution, summary) });
  }

  headers(progress: Progress, account?: ExchangeAccount): Record<string, string> {
    const { attempts, timeline, traceId } = this;
    const headers = answerHeaders({
      ...progress,
      attempts,
      traceId,
      serverTiming: timeline.serverTiming(),
      costUsdMicros: account?.costUsdMicros,
    });
    return { ...headers, [this.dialect.requestIdHeader]: traceId, ...this.#holding?.headers };
  }

  /** Begins stage 5; an environment without budgets has none. */
  hold({
    admission,
    accepted,
    resolution,
  }: Pick<Prepared, "admission" | "accepted" | "resolution">): Holding | undefined {
    const { attempts, deps, timeline } = this;
    if (admission.config.bundle.budgets.length === 0) {
      timeline.add("reserve", deps.nowMs(), { decision: "none", reason: "no budget applies" });
      return undefined;
    }
    const input = { id: this.traceId, admission, resolution, body: accepted.body, keepAlive: this.caller.keepAlive };
    this.#holding = new Holding(input, { reserve: deps.reserve, timeline, attempts });
    return this.#holding;
  }

  /** Whether the exchange's budgets have room for one more call upstream. */
  async mayCall(): Promise<boolean> {
    return this.#holding?.mayCall() ?? true;
  }

  /** Others may wait for this exchange's answer from now on. */
  lead(flight: Leader): void {
    this.#flight = flight;
  }

  /** Gives the answer to those who wait for it; undefined sends them off. Only the first call counts. */
  land(text: string | undefined, kept?: Promise<unknown>): void {
    const flight = this.#flight;
    this.#flight = undefined;
    flight?.land(text, kept);
  }

  /** What the exchange consumed and cost, once its calls are over. */
  async account(
    { admission, resolution, cache }: Progress,
    summary: AnswerSummary | undefined,
  ): Promise<ExchangeAccount> {
    const model = this.attempts.answeredBy?.model;
    const uncounted = summary?.usage === undefined && model !== undefined && resolution !== undefined;
    return accountFor({
      resolution,
      summary,
      cache: cache ?? "off",
      calls: this.attempts.attempts,
      estimate: uncounted ? await countUsage({ resolution, summary, model }, this.deps) : undefined,
      prices: { bundle: admission?.config.bundle, atMs: this.timeline.startedAtMs },
    });
  }

  /**
   * Records how the exchange ended, as soon as it is known whose it is. Resolves when the answer may end: at once, or when the trace is durable,
   * as the operator chose. The work itself outlives the caller either way.
   */
  async conclude(progress: Progress, conclusion: Conclusion): Promise<void> {
    this.land(undefined);
    const { admission, body, accepted, resolution } = progress;
    if (admission === undefined) return;
    const account = conclusion.account ?? (await this.account(progress, conclusion.summary));
    const endedMs = this.timeline.elapsedMs();
    const facts = {
      traceId: this.traceId,
      surface: this.dialect.asked,
      admission,
      request: body,
      asked: accepted?.body.fields,
      tags: this.caller.tags,
      resolution,
      summary: conclusion.summary,
      cache: progress.cache ?? "off",
      status: conclusion.status,
      httpStatus: conclusion.httpStatus,
      errorCode: conclusion.error?.code,
      firstTokenMs: conclusion.firstTokenMs,
      timeline: this.timeline,
      attempts: this.attempts,
      account,
    };
    const due = this.#holding?.end(account);
    const recorded = record(facts, due, this.deps.record).then(async (place) => {
      if (place === "outbox") this.#holding?.handedOn(due);
      else if (due !== undefined) await this.#holding?.settle(due);
      this.#observe(facts, endedMs);
    });
    const all = Promise.all([recorded, this.#holding?.settled]);
    this.caller.keepAlive(all);
    if (!this.deps.waitForTrace) return;
    // What was spent is durable before the answer ends, like its trace; what is given back may follow.
    await (this.attempts.started === 0 ? recorded : all);
  }

  /** Counts the exchange, the wait for its trace included where the caller waited for it. */
  #observe(facts: ExchangeFacts, endedMs: number): void {
    const { caller, deps, timeline } = this;
    timeline.add("record", timeline.startedAtMs + endedMs, {});
    deps.observe({ facts, durationMs: deps.waitForTrace ? timeline.elapsedMs() : endedMs }, caller.keepAlive);
  }
}

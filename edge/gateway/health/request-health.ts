import { circuitPhase, readPeakEwma, sketchQuantileMs, troubleAfter } from "@millrace/core/routing";
import type { Target } from "../exchange/target.ts";
import type { EnvironmentHealth, HealthDeps, KeepAlive } from "./environment-health.ts";
import { keyId, limitId, secretNames, targetId } from "./health-ids.ts";
import type { AdmitOptions, Admittance, CallOutcome, HealthView, RefusedCall } from "./health-view.ts";
import type { KeyRecord } from "./key-record.ts";
import type { TargetRecord } from "./target-record.ts";

/** Another's probe is out: its outcome is known soon. */
const PROBE_OUT_RETRY_MS = 1_000;
/** A place is free when some call ends; nobody knows when. */
const FULL_RETRY_MS = 1_000;
/** Three renewals within a lease of places, for calls that last longer than it. */
const RENEW_EVERY_MS = 20_000;

/** How a place is asked for: at first; after the shared state was asked; or when nothing else is left, past what is known against the target. */
type Mode = "first" | "asked" | "last-resort";

/** A key as one call would use it. */
interface KeyChoice {
  readonly secretName: string | undefined;
  readonly key: KeyRecord;
  /** The same key's limit for this model. */
  readonly limit: KeyRecord;
}

function usableFromMs({ key, limit }: KeyChoice, nowMs: number): number {
  const untilMs = Math.max(key.trouble?.untilMs ?? 0, limit.trouble?.untilMs ?? 0);
  return untilMs > nowMs ? untilMs : nowMs + PROBE_OUT_RETRY_MS;
}

function refuse(reason: RefusedCall["reason"], retryAfterMs: number, ask?: RefusedCall["ask"]): RefusedCall {
  const refusal = { ok: false, reason, retryAfterMs: Math.max(0, Math.ceil(retryAfterMs)) } as const;
  return ask === undefined ? refusal : { ...refusal, ask };
}

/** An environment's health as one request uses it: what it causes in the background is kept alive with that request. */
export class RequestHealth implements HealthView {
  readonly #health: EnvironmentHealth;
  readonly #keepAlive: KeepAlive;
  readonly #deps: Pick<HealthDeps, "nowMs" | "setTimer" | "clearTimer">;

  constructor(
    health: EnvironmentHealth,
    keepAlive: KeepAlive,
    deps: Pick<HealthDeps, "nowMs" | "setTimer" | "clearTimer">,
  ) {
    this.#health = health;
    this.#keepAlive = keepAlive;
    this.#deps = deps;
  }

  admit(target: Target, options: AdmitOptions): Admittance {
    const record = this.#health.target(targetId(target));
    record.isOfInterest = true;
    const answer = this.#admit(target, options, "first");
    this.#health.touch(this.#keepAlive, options.nowMs);
    return answer;
  }

  #admit(target: Target, options: AdmitOptions, mode: Mode): Admittance {
    const record = this.#health.target(targetId(target));
    const again = (next: Mode): Admittance => this.#admit(target, { ...options, nowMs: this.#deps.nowMs() }, next);
    const lastResort = async (): Promise<Admittance> => again("last-resort");
    if (mode === "last-resort" && record.isLastResortOut) return refuse("circuit-open", PROBE_OUT_RETRY_MS);
    const retryAfterMs = this.#circuitRetryMs(record, options.nowMs);
    if (retryAfterMs !== undefined && mode !== "last-resort") {
      if (mode === "asked") return refuse("circuit-open", retryAfterMs);
      if (circuitPhase(record.state.circuit, options.nowMs) !== "half-open")
        return refuse("circuit-open", retryAfterMs, lastResort);
      // Asked at once: if this request finds another target, the lease serves the next one.
      const asked = this.#health.askProbe(record);
      this.#keepAlive(asked);
      return refuse("circuit-open", retryAfterMs, async () => {
        await asked;
        const probe = again("asked");
        return probe.ok ? probe : again("last-resort");
      });
    }
    const isLastResort = mode === "last-resort";
    const chosen = this.#chooseKey(target, options, isLastResort);
    if ("key" in chosen) return this.#enter(target, { ...chosen, record, isLastResort });
    const { full, soonestMs, isLimited } = chosen;
    const waitMs = soonestMs - options.nowMs;
    if (full === undefined && isLimited) return refuse("rate-limited", waitMs);
    if (full === undefined) return refuse("no-live-key", waitMs, mode === "first" ? lastResort : undefined);
    if (mode !== "first") return refuse("at-capacity", FULL_RETRY_MS);
    return refuse("at-capacity", FULL_RETRY_MS, async () => {
      await this.#health.askPlace(full, target.provider.max_concurrent ?? 1);
      return again("asked");
    });
  }

  /** Undefined = the circuit lets a call through. */
  #circuitRetryMs({ state: { circuit }, holdsProbe }: TargetRecord, nowMs: number): number | undefined {
    switch (circuitPhase(circuit, nowMs)) {
      case "closed":
        return undefined;
      case "open":
        return circuit.openUntilMs - nowMs;
      case "probing":
        return holdsProbe ? undefined : PROBE_OUT_RETRY_MS;
      case "half-open":
        return PROBE_OUT_RETRY_MS;
    }
  }

  #choices({ provider, model, tier }: Target, avoid: ReadonlySet<string> | undefined): readonly KeyChoice[] {
    const names = secretNames(provider);
    const turn = names.length > 1 ? this.#health.nextTurn() : 0;
    const choices: KeyChoice[] = [];
    for (let at = 0; at < names.length; at++) {
      const secretName = names[(turn + at) % names.length];
      const ids = { key: keyId(provider, secretName), limit: limitId({ provider, model, tier }, secretName) };
      if (avoid?.has(ids.key) === true || avoid?.has(ids.limit) === true) continue;
      const [key, limit] = [this.#health.key(ids.key), this.#health.key(ids.limit)];
      // Whether it is used or not: what others found out about it decides the next turn.
      key.isOfInterest = true;
      limit.isOfInterest = true;
      choices.push({ secretName, key, limit });
    }
    return choices;
  }

  /** The next key in turn that a call can use; else one that is only full, or when the first one is usable again. */
  #chooseKey(
    target: Target,
    { nowMs, avoid }: AdmitOptions,
    isLastResort: boolean,
  ): KeyChoice | { readonly full: KeyRecord | undefined; readonly soonestMs: number; readonly isLimited: boolean } {
    const cap = target.provider.max_concurrent;
    let full: KeyRecord | undefined;
    let soonestMs = Number.POSITIVE_INFINITY;
    let isLimited = true;
    for (const choice of this.#choices(target, avoid)) {
      const { key, limit } = choice;
      const isUsable = limit.isUsable(nowMs) && (key.isUsable(nowMs) || (isLastResort && !key.isProbing));
      if (!isUsable) {
        soonestMs = Math.min(soonestMs, usableFromMs(choice, nowMs));
        isLimited &&= !limit.isUsable(nowMs);
      } else if (cap !== undefined && !key.hasPlace(cap, nowMs)) full ??= key;
      else return choice;
    }
    return { full, soonestMs: Number.isFinite(soonestMs) ? soonestMs : nowMs + PROBE_OUT_RETRY_MS, isLimited };
  }

  #enter(
    target: Target,
    choice: KeyChoice & { readonly record: TargetRecord; readonly isLastResort: boolean },
  ): Admittance {
    const { record, key, limit, secretName, isLastResort } = choice;
    const isProbe = record.holdsProbe;
    record.holdsProbe = false;
    if (isLastResort) record.isLastResortOut = true;
    record.pending++;
    const probes = { key: key.enter(), limit: limit.enter() };
    const isCapped = target.provider.max_concurrent !== undefined;
    const renewal = isCapped ? this.#renewing(key) : undefined;
    let isOpen = true;
    return {
      ok: true,
      secretName,
      isProbe,
      release: (outcome, nowMs) => {
        if (!isOpen) return;
        isOpen = false;
        renewal?.stop();
        record.pending--;
        key.leave(probes.key);
        limit.leave(probes.limit);
        if (isLastResort) record.isLastResortOut = false;
        this.#learn({ ...choice, isProbe, probes }, outcome, nowMs);
      },
    };
  }

  /** Renews the lease of places for as long as a call is under way: its own request keeps the timer alive. */
  #renewing(key: KeyRecord): { readonly stop: () => void } {
    let timer: unknown;
    const arm = (): void => {
      timer = this.#deps.setTimer(() => {
        key.isOfInterest = true;
        this.#health.touch(this.#keepAlive, this.#deps.nowMs());
        arm();
      }, RENEW_EVERY_MS);
    };
    arm();
    return { stop: () => this.#deps.clearTimer(timer) };
  }

  #learn(
    place: KeyChoice & {
      readonly record: TargetRecord;
      readonly isProbe: boolean;
      readonly isLastResort: boolean;
      readonly probes: { readonly key: boolean; readonly limit: boolean };
    },
    outcome: CallOutcome,
    nowMs: number,
  ): void {
    const { record, key, limit, isProbe, isLastResort, probes } = place;
    record.isOfInterest = true;
    key.isOfInterest = true;
    limit.isOfInterest = true;
    // A last resort's success is as good as a probe's; its failure is no news, and must not make the pause longer.
    const closes = isLastResort && outcome.kind === "ok" && record.state.circuit.phase === "open";
    const counted: CallOutcome = isLastResort && !closes && !isProbe ? { kind: "cancelled" } : outcome;
    let isNews = record.addOutcome(counted, isProbe || closes, this.#health.moment(nowMs));
    if (outcome.kind === "ok")
      isNews = [key.addSuccess(probes.key), limit.addSuccess(probes.limit)].includes(true) || isNews;
    if (outcome.kind === "failed") {
      const trouble = troubleAfter(outcome.failure, key.trouble, nowMs);
      if (trouble !== undefined) {
        (trouble.kind === "limited" ? limit : key).addTrouble(trouble);
        isNews = true;
      }
    }
    this.#health.touch(this.#keepAlive, nowMs, isNews);
  }

  observeFirstToken(target: Target, firstTokenMs: number, nowMs: number): void {
    this.#health.target(targetId(target)).addFirstToken(firstTokenMs, this.#health.moment(nowMs));
  }

  firstTokenMs(target: Target, nowMs: number): number | undefined {
    const { firstToken } = this.#health.target(targetId(target)).state;
    return firstToken && readPeakEwma(firstToken, nowMs);
  }

  pending(target: Target): number {
    return this.#health.target(targetId(target)).pending;
  }

  firstTokenQuantileMs(target: Target, quantile: number): number | undefined {
    return sketchQuantileMs(this.#health.target(targetId(target)).state.sketch, quantile);
  }

  otherKeys(target: Target, { nowMs, avoid }: AdmitOptions): number {
    return this.#choices(target, avoid).filter(({ key, limit }) => key.isUsable(nowMs) && limit.isUsable(nowMs)).length;
  }
}

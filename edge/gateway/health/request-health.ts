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

/** A key as one call would use it. */
interface KeyChoice {
  readonly secretName: string | undefined;
  readonly key: KeyRecord;
  /** The same key's limit for this model. */
  readonly limit: KeyRecord;
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
    const answer = this.#admit(target, options, true);
    this.#health.touch(this.#keepAlive, options.nowMs);
    return answer;
  }

  #admit(target: Target, options: AdmitOptions, mayAsk: boolean): Admittance {
    const record = this.#health.target(targetId(target));
    const again = async (asked: Promise<void>): Promise<Admittance> => {
      await asked;
      return this.#admit(target, { ...options, nowMs: this.#deps.nowMs() }, false);
    };
    const retryAfterMs = this.#circuitRetryMs(record, options.nowMs);
    if (retryAfterMs !== undefined) {
      if (!mayAsk || circuitPhase(record.state.circuit, options.nowMs) !== "half-open")
        return refuse("circuit-open", retryAfterMs);
      // Asked at once: if this request finds another target, the lease serves the next one.
      const asked = this.#health.askProbe(record);
      this.#keepAlive(asked);
      return refuse("circuit-open", retryAfterMs, () => again(asked));
    }
    const chosen = this.#chooseKey(target, options);
    if ("key" in chosen) return this.#enter(target, { ...chosen, record });
    const { full, soonestMs } = chosen;
    if (full === undefined) return refuse("no-live-key", soonestMs - options.nowMs);
    const cap = target.provider.max_concurrent ?? 1;
    return refuse("at-capacity", FULL_RETRY_MS, mayAsk ? () => again(this.#health.askPlace(full, cap)) : undefined);
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
      if (secretName !== undefined && avoid?.has(secretName) === true) continue;
      const key = this.#health.key(keyId(provider, secretName));
      const limit = this.#health.key(limitId({ provider, model, tier }, secretName));
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
  ): KeyChoice | { readonly full: KeyRecord | undefined; readonly soonestMs: number } {
    const cap = target.provider.max_concurrent;
    let full: KeyRecord | undefined;
    let soonestMs = Number.POSITIVE_INFINITY;
    for (const choice of this.#choices(target, avoid)) {
      const { key, limit } = choice;
      if (!key.isUsable(nowMs) || !limit.isUsable(nowMs)) {
        const untilMs = Math.max(key.trouble?.untilMs ?? 0, limit.trouble?.untilMs ?? 0);
        soonestMs = Math.min(soonestMs, untilMs > nowMs ? untilMs : nowMs + PROBE_OUT_RETRY_MS);
      } else if (cap !== undefined && !key.hasPlace(cap, nowMs)) full ??= key;
      else return choice;
    }
    return { full, soonestMs: Number.isFinite(soonestMs) ? soonestMs : nowMs + PROBE_OUT_RETRY_MS };
  }

  #enter(target: Target, choice: KeyChoice & { readonly record: TargetRecord }): Admittance {
    const { record, key, limit, secretName } = choice;
    const isProbe = record.holdsProbe;
    record.holdsProbe = false;
    record.pending++;
    key.enter();
    limit.enter();
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
        key.leave();
        limit.leave();
        this.#learn({ ...choice, isProbe }, outcome, nowMs);
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
    place: KeyChoice & { readonly record: TargetRecord; readonly isProbe: boolean },
    outcome: CallOutcome,
    nowMs: number,
  ): void {
    const { record, key, limit, isProbe } = place;
    record.isOfInterest = true;
    key.isOfInterest = true;
    let isNews = record.addOutcome(outcome, isProbe, this.#health.moment(nowMs));
    if (outcome.kind === "ok") isNews = [key.addSuccess(nowMs), limit.addSuccess(nowMs)].includes(true) || isNews;
    if (outcome.kind === "failed") {
      const trouble = troubleAfter(outcome.failure, key.trouble, nowMs);
      if (trouble !== undefined) {
        (trouble.kind === "limited" ? limit : key).addTrouble(trouble);
        limit.isOfInterest = true;
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

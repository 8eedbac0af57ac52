import { providerSchema } from "@millrace/core/contract";
import { classifyFailure, type KeyTrouble } from "@millrace/core/routing";
import { describe, expect, it } from "vitest";
import type { Target } from "../exchange/target.ts";
import { keyId, limitId } from "./health-ids.ts";
import type { TargetHealthService } from "./health-service.ts";
import type { Admittance, AdmittedCall, HealthView } from "./health-view.ts";
import { createIsolateHealth } from "./isolate-health.ts";
import { type HealthShelf, SharedHealth } from "./shared-health.ts";

const failed = (code: Parameters<typeof classifyFailure>[0]["code"], retryAfterSeconds?: number) =>
  ({ kind: "failed", failure: classifyFailure({ code, retryAfterSeconds }) }) as const;

function targetOf(provider: Record<string, unknown> = {}): Target {
  return {
    provider: providerSchema.parse({
      name: "p",
      kind: "openai-compatible",
      base_url: "https://p.example/v1",
      secret: "KEY_A",
      ...provider,
    }),
    model: "m",
    tier: "cloud",
  };
}

/** One shared object, and isolates around it, under one hand-moved clock. */
function world() {
  const rows = new Map<string, string>();
  const shelf: HealthShelf = {
    all: () => rows.entries(),
    put: (name, json) => void rows.set(name, json),
    remove: (name) => void rows.delete(name),
  };
  let nowMs = 1_000_000;
  let isAway = false;
  const calls: string[] = [];
  const newObject = () => new SharedHealth({ shelf, nowMs: () => nowMs, chance: () => 0 });
  let object = newObject();
  const answer = async <T>(name: string, work: () => T): Promise<T> => {
    calls.push(name);
    if (isAway) throw new Error("away");
    return structuredClone(work());
  };
  const service: TargetHealthService = {
    report: (report) => answer("report", () => object.report(report)),
    leaseProbe: (target) => answer("leaseProbe", () => object.leaseProbe(target)),
    leasePlaces: (request) => answer("leasePlaces", () => object.leasePlaces(request)),
  };
  const background: Promise<unknown>[] = [];
  let isolates = 0;
  return {
    calls,
    now: () => nowMs,
    pass(ms: number): void {
      nowMs += ms;
    },
    setAway(away: boolean): void {
      isAway = away;
    },
    restart(): void {
      object = newObject();
    },
    async settle(): Promise<void> {
      while (background.length > 0) await background.pop();
    },
    isolate(): HealthView {
      const views = createIsolateHealth(`isolate-${++isolates}`, {
        service: () => service,
        nowMs: () => nowMs,
        chance: () => 0,
        setTimer: () => undefined,
        clearTimer: () => undefined,
        log: () => undefined,
      });
      return views.of("env_1", (work) => void background.push(work));
    },
  };
}

type World = ReturnType<typeof world>;

function admitted(answer: Admittance): AdmittedCall {
  if (!answer.ok) throw new Error(`refused: ${answer.reason}`);
  return answer;
}

type Outcome = Parameters<AdmittedCall["release"]>[0];

/** A caller of one target through one isolate: each call is over at once. */
function caller(here: World, target = targetOf()) {
  return (view: HealthView, outcome: Outcome): AdmittedCall => {
    const place = admitted(view.admit(target, { nowMs: here.now() }));
    place.release(outcome, here.now());
    return place;
  };
}

function call(here: World, view: HealthView, outcome: Outcome): AdmittedCall {
  return caller(here)(view, outcome);
}

async function breakTarget(here: World, view: HealthView): Promise<void> {
  for (let at = 0; at < 5; at++) call(here, view, failed("upstream-refused"));
  await here.settle();
}

describe("what isolates know about a target together", () => {
  it("admits without a question to the object", () => {
    const here = world();
    expect(here.isolate().admit(targetOf(), { nowMs: here.now() })).toMatchObject({ ok: true, secretName: "KEY_A" });
  });

  it("opens the circuit here at once, and in another isolate after it has heard", async () => {
    const here = world();
    const [one, two] = [here.isolate(), here.isolate()];
    call(here, two, { kind: "ok" });
    await here.settle();
    await breakTarget(here, one);
    expect(one.admit(targetOf(), { nowMs: here.now() })).toMatchObject({ ok: false, reason: "circuit-open" });
    here.pass(1990);
    call(here, two, { kind: "ok" });
    here.pass(10);
    call(here, two, { kind: "ok" });
    await here.settle();
    expect(two.admit(targetOf(), { nowMs: here.now() - 1 })).toMatchObject({ ok: false, reason: "circuit-open" });
  });

  it("sends one probe among all isolates, and closes for all when it succeeds", async () => {
    const here = world();
    const [one, two] = [here.isolate(), here.isolate()];
    await breakTarget(here, one);
    call(here, two, { kind: "ok" });
    await here.settle();
    here.pass(2000);
    for (const view of [one, two]) expect(view.admit(targetOf(), { nowMs: here.now() }).ok).toBe(false);
    await here.settle();
    const second = [one, two].map((view) => view.admit(targetOf(), { nowMs: here.now() }));
    const probes = second.filter((answer) => answer.ok);
    expect(probes).toHaveLength(1);
    expect(probes[0]).toMatchObject({ isProbe: true });
    admitted(probes[0] ?? { ok: false, reason: "circuit-open", retryAfterMs: 0 }).release({ kind: "ok" }, here.now());
    await here.settle();
    here.pass(2000);
    for (const view of [one, two]) view.admit(targetOf(), { nowMs: here.now() });
    await here.settle();
    for (const view of [one, two]) expect(view.admit(targetOf(), { nowMs: here.now() }).ok).toBe(true);
  });

  it("keeps a probe for the next request when the one that asked went elsewhere", async () => {
    const here = world();
    const view = here.isolate();
    await breakTarget(here, view);
    here.pass(2000);
    expect(view.admit(targetOf(), { nowMs: here.now() }).ok).toBe(false);
    await here.settle();
    expect(view.admit(targetOf(), { nowMs: here.now() })).toMatchObject({ ok: true, isProbe: true });
    expect(view.admit(targetOf(), { nowMs: here.now() })).toMatchObject({ ok: false, reason: "circuit-open" });
  });

  it("stays open for longer after a probe that failed", async () => {
    const here = world();
    const view = here.isolate();
    await breakTarget(here, view);
    here.pass(2000);
    view.admit(targetOf(), { nowMs: here.now() });
    await here.settle();
    call(here, view, failed("upstream-refused"));
    await here.settle();
    expect(view.admit(targetOf(), { nowMs: here.now() })).toMatchObject({ retryAfterMs: 4000 });
  });

  it("remembers an open circuit when the object was evicted", async () => {
    const here = world();
    await breakTarget(here, here.isolate());
    here.restart();
    const other = here.isolate();
    call(here, other, { kind: "cancelled" });
    await here.settle();
    expect(other.admit(targetOf(), { nowMs: here.now() })).toMatchObject({ ok: false, reason: "circuit-open" });
  });

  it("goes on with what it knows when the object is away, and tells it later", async () => {
    const here = world();
    const [one, two] = [here.isolate(), here.isolate()];
    here.setAway(true);
    await breakTarget(here, one);
    expect(one.admit(targetOf(), { nowMs: here.now() })).toMatchObject({ ok: false, reason: "circuit-open" });
    here.pass(2000);
    one.admit(targetOf(), { nowMs: here.now() });
    await here.settle();
    expect(one.admit(targetOf(), { nowMs: here.now() })).toMatchObject({ ok: true, isProbe: true });
    await here.settle();
    here.setAway(false);
    here.pass(2000);
    one.admit(targetOf(), { nowMs: here.now() });
    await here.settle();
    call(here, two, { kind: "cancelled" });
    await here.settle();
    expect(two.admit(targetOf(), { nowMs: here.now() }).ok).toBe(false);
  });

  it("reports at most every two seconds while nothing changes", async () => {
    const here = world();
    const view = here.isolate();
    for (let at = 0; at < 100; at++) {
      call(here, view, { kind: "ok" });
      await here.settle();
      here.pass(100);
    }
    expect(here.calls.length).toBeLessThanOrEqual(6);
  });

  it("shares first-token times", async () => {
    const here = world();
    const [one, two] = [here.isolate(), here.isolate()];
    for (let at = 0; at < 30; at++) one.observeFirstToken(targetOf(), 100 + at, here.now());
    call(here, one, { kind: "ok" });
    await here.settle();
    expect(two.firstTokenMs(targetOf(), here.now())).toBeUndefined();
    call(here, two, { kind: "ok" });
    await here.settle();
    expect(two.firstTokenMs(targetOf(), here.now())).toBe(129);
    expect(two.firstTokenQuantileMs(targetOf(), 0.5)).toBeGreaterThan(100);
  });

  it("counts nothing against a target for a caller's mistake, a filter's verdict or a server that named the time", async () => {
    const here = world();
    const view = here.isolate();
    for (let at = 0; at < 30; at++) {
      call(here, view, failed("invalid-request"));
      call(here, view, failed("content-filtered"));
      call(here, view, { kind: "cancelled" });
    }
    expect(view.admit(targetOf(), { nowMs: here.now() }).ok).toBe(true);
  });
});

describe("keys", () => {
  const keys = targetOf({ secret: undefined, secrets: ["KEY_A", "KEY_B", "KEY_C"] });
  const names = (here: World, view: HealthView, count: number): (string | undefined)[] =>
    Array.from({ length: count }, () => caller(here, keys)(view, { kind: "ok" }).secretName);

  it("take turns", () => {
    const here = world();
    expect(names(here, here.isolate(), 4)).toEqual(["KEY_A", "KEY_B", "KEY_C", "KEY_A"]);
  });

  it("are set aside in all isolates when the provider refuses them, and tried again by one call after a while", async () => {
    const here = world();
    const [one, two] = [here.isolate(), here.isolate()];
    caller(here, keys)(one, failed("upstream-unauthorized"));
    await here.settle();
    names(here, two, 1);
    await here.settle();
    expect(new Set([...names(here, one, 6), ...names(here, two, 6)])).toEqual(new Set(["KEY_B", "KEY_C"]));
    here.pass(15_000);
    const open = Array.from({ length: 6 }, () => admitted(one.admit(keys, { nowMs: here.now() })));
    expect(open.filter(({ secretName }) => secretName === "KEY_A")).toHaveLength(1);
  });

  it("come back for all when one call succeeded", async () => {
    const here = world();
    const only = targetOf();
    const [one, two] = [here.isolate(), here.isolate()];
    caller(here, only)(one, failed("upstream-quota-exhausted"));
    await here.settle();
    expect(one.admit(only, { nowMs: here.now() })).toMatchObject({ reason: "no-live-key", retryAfterMs: 60_000 });
    here.pass(60_000);
    caller(here, only)(one, { kind: "ok" });
    await here.settle();
    caller(here, only)(two, { kind: "ok" });
    await here.settle();
    expect(two.admit(only, { nowMs: here.now() }).ok).toBe(true);
  });

  it("are tried again by one call, whoever leaves meanwhile, and are not cleared by one that was sent before", async () => {
    const here = world();
    const view = here.isolate();
    const only = targetOf();
    const [before, slow] = [0, 1].map(() => admitted(view.admit(only, { nowMs: here.now() })));
    const troubled = admitted(view.admit(only, { nowMs: here.now() }));
    troubled.release(failed("upstream-unauthorized"), here.now());
    here.pass(60_000);
    const probe = admitted(view.admit(only, { nowMs: here.now() }));
    before?.release({ kind: "cancelled" }, here.now());
    expect(view.admit(only, { nowMs: here.now() })).toMatchObject({ ok: false });
    slow?.release({ kind: "ok" }, here.now());
    expect(view.admit(only, { nowMs: here.now() })).toMatchObject({ ok: false });
    probe.release({ kind: "ok" }, here.now());
    expect(view.admit(only, { nowMs: here.now() }).ok).toBe(true);
  });

  it("wait as long as the server asked, for the model that it asked about", () => {
    const here = world();
    const view = here.isolate();
    call(here, view, failed("upstream-overloaded", 7));
    expect(view.admit(targetOf(), { nowMs: here.now() })).toMatchObject({ reason: "rate-limited", retryAfterMs: 7000 });
    expect(view.admit({ ...targetOf(), model: "other" }, { nowMs: here.now() }).ok).toBe(true);
    here.pass(7000);
    expect(view.admit(targetOf(), { nowMs: here.now() }).ok).toBe(true);
  });

  it("are avoided when the exchange has found them wanting", () => {
    const here = world();
    const view = here.isolate();
    const avoid = new Set([keyId(keys.provider, "KEY_A"), limitId(keys, "KEY_C")]);
    expect(view.admit(keys, { nowMs: here.now(), avoid })).toMatchObject({ secretName: "KEY_B" });
    expect(view.otherKeys(keys, { nowMs: here.now(), avoid })).toBe(1);
  });

  it("are set aside for twice as long each time", () => {
    const object = new SharedHealth({
      shelf: { all: () => [], put: () => undefined, remove: () => undefined },
      nowMs: () => 0,
      chance: () => 0,
    });
    const trouble: KeyTrouble = { kind: "dead", untilMs: 5, strikes: 1 };
    const told = { isolate: "i", targets: {}, keys: { k: { trouble, places: undefined } } };
    expect(object.report(told).keys["k"]?.trouble).toEqual(trouble);
    expect(
      object.report({ ...told, keys: { k: { trouble: null, places: undefined } } }).keys["k"]?.trouble,
    ).toBeUndefined();
  });
});

describe("places under a cap", () => {
  const capped = targetOf({ max_concurrent: 4 });

  async function enter(here: World, view: HealthView): Promise<Admittance> {
    const answer = view.admit(capped, { nowMs: here.now() });
    return answer.ok || answer.reason !== "at-capacity" ? answer : ((await answer.ask?.()) ?? answer);
  }

  it("are never more than the cap among all isolates at once, and all of it can be used by one", async () => {
    const here = world();
    const views = [here.isolate(), here.isolate(), here.isolate()];
    const first = await Promise.all(Array.from({ length: 30 }, (_, at) => enter(here, views[at % 3] as HealthView)));
    expect(first.filter(({ ok }) => ok)).toHaveLength(4);
    for (const answer of first) if (answer.ok) answer.release({ kind: "ok" }, here.now());
    // What the others hold and do not use is free when their leases end.
    here.pass(60_000);
    const second = await Promise.all(Array.from({ length: 9 }, () => enter(here, views[0] as HealthView)));
    expect(second.filter(({ ok }) => ok)).toHaveLength(4);
  });

  it("hold through any order of entering, leaving, reporting and restarting", async () => {
    const here = world();
    const views = [here.isolate(), here.isolate(), here.isolate()];
    const open: AdmittedCall[] = [];
    let most = 0;
    let state = 12345;
    const draw = (bound: number): number => (state = (state * 48271) % 2147483647) % bound;
    for (let step = 0; step < 3000; step++) {
      const action = draw(10);
      if (action < 5) {
        const answer = await enter(here, views[draw(3)] as HealthView);
        if (answer.ok) open.push(answer);
      } else if (action < 8) open.splice(draw(open.length + 1), 1)[0]?.release({ kind: "ok" }, here.now());
      else if (action === 8) here.pass(draw(3000));
      else if (draw(20) === 0) here.restart();
      if (draw(3) === 0) await here.settle();
      most = Math.max(most, open.length);
      // What lasts longer than a lease is renewed by its own timer, which stands still here.
      if (step % 20 === 0) for (const one of open.splice(0)) one.release({ kind: "ok" }, here.now());
    }
    expect(most).toBe(4);
  });

  it("are kept by each isolate for itself while the object is away", async () => {
    const here = world();
    const view = here.isolate();
    here.setAway(true);
    const answers = [];
    for (let at = 0; at < 6; at++) answers.push(await enter(here, view));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(4);
  });
});

describe("when nothing else is left", () => {
  it("lets one call at a time past an open circuit; its success closes it, its failure makes nothing worse", async () => {
    const here = world();
    const view = here.isolate();
    await breakTarget(here, view);
    const asked = async () => {
      const refused = view.admit(targetOf(), { nowMs: here.now() });
      return refused.ok ? refused : ((await refused.ask?.()) ?? refused);
    };
    const last = admitted(await asked());
    expect((await asked()).ok).toBe(false);
    last.release(failed("upstream-refused"), here.now());
    await here.settle();
    expect(view.admit(targetOf(), { nowMs: here.now() })).toMatchObject({ retryAfterMs: 2000 });
    admitted(await asked()).release({ kind: "ok" }, here.now());
    await here.settle();
    expect(view.admit(targetOf(), { nowMs: here.now() }).ok).toBe(true);
  });

  it("tries a key that was set aside, but none before the time that the server named", async () => {
    const here = world();
    const view = here.isolate();
    call(here, view, failed("upstream-unauthorized"));
    const refused = view.admit(targetOf(), { nowMs: here.now() });
    expect(refused).toMatchObject({ ok: false, reason: "no-live-key" });
    const last = admitted((refused.ok ? undefined : await refused.ask?.()) ?? refused);
    last.release({ kind: "ok" }, here.now());
    call(here, view, failed("upstream-overloaded", 5));
    const limited = view.admit(targetOf(), { nowMs: here.now() });
    expect(limited).toMatchObject({ ok: false, reason: "rate-limited", retryAfterMs: 5000 });
    expect(limited).not.toHaveProperty("ask");
  });
});

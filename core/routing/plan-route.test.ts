import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Capability, type Route, routeSchema, type TargetRoute, targetsOf } from "../contract/index.ts";
import { planRoute, type PlanDeps, type PlanRequest, targetKey } from "./plan-route.ts";

const at = (model: string, more: Partial<TargetRoute> = {}): TargetRoute => ({
  kind: "target",
  provider: "p",
  model,
  ...more,
});

const everything: ReadonlySet<Capability> = new Set<Capability>(["streaming", "tools", "json-schema", "images"]);

function depsOf(more: Partial<PlanDeps> = {}): PlanDeps {
  return {
    chance: () => 0.5,
    traits: ({ context_tokens }) => ({ capabilities: everything, contextTokens: context_tokens }),
    firstTokenMs: () => undefined,
    pending: () => 0,
    estimateCost: () => undefined,
    ...more,
  };
}

function requestOf(more: Partial<PlanRequest["needs"]> = {}, facts: Partial<PlanRequest["facts"]> = {}): PlanRequest {
  return {
    needs: { capabilities: new Set(), inputTokens: 100, maxOutputTokens: undefined, ...more },
    facts: {
      model: "chat",
      surface: "chat",
      stream: false,
      user: undefined,
      key: "key_1",
      environment: "production",
      project: "acme",
      prompt: undefined,
      metadata: {},
      header: () => undefined,
      request: {},
      inputTokens: 100,
      bodyBytes: 400,
      nowMs: 0,
      ...facts,
    },
  };
}

const order = (route: Route, request = requestOf(), deps = depsOf()): string[] =>
  planRoute(route, request, deps).candidates.map(({ target }) => target.model);

/** A chance that tests can repeat (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

describe("planRoute", () => {
  it("keeps the order of a fallback, and names a target once", () => {
    expect(order({ kind: "fallback", routes: [at("a"), at("b"), at("a")] })).toEqual(["a", "b"]);
  });

  it("leaves out what lacks a capability, and says so", () => {
    const deps = depsOf({
      traits: ({ model }) => ({ capabilities: new Set(model === "b" ? ["tools"] : []), contextTokens: undefined }),
    });
    const request = requestOf({ capabilities: new Set(["tools"]) });
    const plan = planRoute({ kind: "fallback", routes: [at("a"), at("b")] }, request, deps);
    expect(plan.candidates.map(({ target }) => target.model)).toEqual(["b"]);
    expect(plan.excluded).toEqual([{ target: at("a"), isAbsent: false, missing: ["tools"], context: undefined }]);
  });

  it("refuses with what each target lacks", () => {
    const deps = depsOf({
      traits: ({ model }) => ({
        capabilities: new Set(model === "b" ? ["tools"] : []),
        contextTokens: model === "b" ? 1000 : undefined,
      }),
    });
    const request = requestOf({ capabilities: new Set(["tools"]), inputTokens: 9000 });
    expect(() => planRoute({ kind: "fallback", routes: [at("a"), at("b")] }, request, deps)).toThrow(
      "No target of chat can answer this request: p/a lacks tools; p/b lacks context (about 9000 tokens of 1000).",
    );
  });

  it("puts a target that an estimate finds a little too small last, because the estimate may be wrong", () => {
    const route: Route = { kind: "fallback", routes: [at("small", { context_tokens: 1000 }), at("large")] };
    expect(order(route, requestOf({ inputTokens: 1200 }))).toEqual(["large", "small"]);
    expect(order(route, requestOf({ inputTokens: 900, maxOutputTokens: 200 }))).toEqual(["large", "small"]);
    expect(order(route, requestOf({ inputTokens: 900 }))).toEqual(["small", "large"]);
    expect(order(route, requestOf({ inputTokens: 1600 }))).toEqual(["large"]);
  });

  it("takes a limit of the answer for no wish for its length", () => {
    const route: Route = at("small", { context_tokens: 1000 });
    expect(order(route, requestOf({ inputTokens: 100, maxOutputTokens: 32_000 }))).toEqual(["small"]);
  });

  it("draws by weight, without replacement", () => {
    const chance = seeded(7);
    const route: Route = {
      kind: "weighted",
      routes: [
        { weight: 3, route: at("a") },
        { weight: 1, route: at("b") },
      ],
    };
    let first = 0;
    for (let draw = 0; draw < 4000; draw++) {
      const drawn = order(route, requestOf(), depsOf({ chance }));
      expect([...drawn].sort()).toEqual(["a", "b"]);
      if (drawn[0] === "a") first++;
    }
    // Three quarters of 4,000, within five standard deviations.
    expect(Math.abs(first - 3000)).toBeLessThan(137);
  });

  it("decides a sticky node by its subject alone, and moves no subject between branches that stay", () => {
    const branches = ["a", "b", "c"].map((model) => ({ weight: 1, route: at(model) }));
    const of = (user: string, models: number, chance = Math.random) =>
      order(
        { kind: "sticky", by: "user", routes: branches.slice(0, models) },
        requestOf({}, { user }),
        depsOf({ chance }),
      );
    const counts = new Map<string, number>();
    for (let subject = 0; subject < 3000; subject++) {
      const user = `u${subject}`;
      const [first = ""] = of(user, 3);
      expect(of(user, 3)[0]).toBe(first);
      if (first !== "c") expect(of(user, 2)[0]).toBe(first);
      counts.set(first, (counts.get(first) ?? 0) + 1);
    }
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(130);
  });

  it("draws by chance where the subject is absent, and says so", () => {
    const route: Route = { kind: "sticky", by: "metadata.tenant", routes: [{ weight: 1, route: at("a") }] };
    expect(planRoute(route, requestOf(), depsOf()).decisions[0]?.reason).toBe(
      "metadata.tenant is absent: drawn by weight",
    );
  });

  it("takes the one branch whose condition holds, and never falls past it", () => {
    const route: Route = {
      kind: "conditional",
      branches: [{ when: { field: "metadata.region", is: "equals", value: "eu" }, route: at("eu") }],
      otherwise: at("us"),
    };
    expect(order(route, requestOf({}, { metadata: { region: "eu" } }))).toEqual(["eu"]);
    expect(order(route)).toEqual(["us"]);
    const { otherwise: _otherwise, ...strict } = route;
    expect(() => order(strict)).toThrow("at route, no condition holds, and there is no `otherwise`");
  });

  it("orders by price, unknown ones last", () => {
    const prices = new Map([
      ["b", 900],
      ["c", 20],
    ]);
    const deps = depsOf({ estimateCost: ({ model }) => prices.get(model) });
    expect(order({ kind: "cheapest", routes: [at("a"), at("b"), at("c")] }, requestOf(), deps)).toEqual([
      "c",
      "b",
      "a",
    ]);
  });

  it("sends most traffic to the faster of two, and tries what was never measured", () => {
    const times = new Map([
      ["slow", 900],
      ["fast", 100],
    ]);
    const deps = depsOf({ chance: seeded(3), firstTokenMs: ({ model }) => times.get(model) });
    const two: Route = { kind: "fastest", routes: [at("slow"), at("fast")] };
    expect(order(two, requestOf(), deps)).toEqual(["fast", "slow"]);
    expect(order({ kind: "fastest", routes: [at("slow"), at("new")] }, requestOf(), deps)[0]).toBe("new");
    const busy = depsOf({ ...deps, pending: ({ model }) => (model === "fast" ? 20 : 0) });
    expect(order(two, requestOf(), busy)[0]).toBe("slow");
  });

  it("never starts with the slowest of three", () => {
    const times = new Map([
      ["a", 100],
      ["b", 200],
      ["c", 300],
    ]);
    const deps = depsOf({ chance: seeded(11), firstTokenMs: ({ model }) => times.get(model) });
    const firsts = new Set<string | undefined>();
    for (let draw = 0; draw < 200; draw++)
      firsts.add(order({ kind: "fastest", routes: [at("c"), at("b"), at("a")] }, requestOf(), deps)[0]);
    expect(firsts).toEqual(new Set(["a", "b"]));
  });

  it("leaves a decision for each node that it visits, from the root down", () => {
    const route: Route = {
      kind: "fallback",
      routes: [
        { kind: "cheapest", routes: [at("a")] },
        { kind: "weighted", routes: [{ weight: 1, route: at("b") }] },
      ],
    };
    expect(planRoute(route, requestOf(), depsOf()).decisions.map(({ path, kind }) => [path, kind])).toEqual([
      ["route", "fallback"],
      ["route.routes[0]", "cheapest"],
      ["route.routes[1]", "weighted"],
    ]);
  });
});

describe("any plan", () => {
  const leaf = fc.constantFrom("a", "b", "c", "d", "e").map((model): Route => at(model));
  const { tree } = fc.letrec<{ tree: Route }>((tie) => {
    const routes = fc.array(tie("tree"), { minLength: 1, maxLength: 3 });
    const weighted = fc.array(fc.record({ weight: fc.integer({ min: 1, max: 9 }), route: tie("tree") }), {
      minLength: 1,
      maxLength: 3,
    });
    return {
      tree: fc.oneof(
        { depthSize: "small", maxDepth: 4 },
        leaf,
        fc.record({ kind: fc.constantFrom("fallback" as const, "fastest" as const, "cheapest" as const), routes }),
        fc.record({ kind: fc.constant("weighted" as const), routes: weighted }),
        fc.record({ kind: fc.constant("sticky" as const), by: fc.constant("key"), routes: weighted }),
      ),
    };
  });
  const numbers = fc.dictionary(fc.constantFrom("a", "b", "c", "d", "e"), fc.integer({ min: 1, max: 5000 }));

  it("holds each capable target of the tree once, and no other", () => {
    fc.assert(
      fc.property(tree, numbers, fc.tuple(fc.constantFrom("a", "b", "none"), fc.integer()), (route, times, drawn) => {
        const [incapable, seed] = drawn;
        fc.pre(routeSchema.safeParse(route).success);
        const deps = depsOf({
          chance: seeded(seed),
          traits: ({ model }) => ({
            capabilities: new Set(model === incapable ? [] : ["tools" as const]),
            contextTokens: undefined,
          }),
          firstTokenMs: ({ model }) => times[model],
          estimateCost: ({ model }) => times[model],
        });
        const request = requestOf({ capabilities: new Set(["tools"]) });
        const capable = new Set(
          targetsOf(route)
            .filter(({ model }) => model !== incapable)
            .map(targetKey),
        );
        if (capable.size === 0) {
          expect(() => planRoute(route, request, deps)).toThrow("lacks tools");
          return;
        }
        const planned = planRoute(route, request, deps).candidates.map(({ target }) => targetKey(target));
        expect(planned.length).toBe(capable.size);
        expect(new Set(planned)).toEqual(capable);
      }),
    );
  });
});

import { branchesOf, type Capability, type Route, type TargetRoute, targetsOf } from "../contract/index.ts";
import { drawOrder, hashFraction } from "./draw-order.ts";
import { conditionHolds, type ConditionFacts, describeCondition } from "./evaluate-condition.ts";
import { noCapableTarget } from "./no-capable-target.ts";
import type { RequestNeeds } from "./request-needs.ts";
import type { Candidate, ExcludedTarget, RouteDecision, RoutePlan, TargetTraits } from "./route-plan.ts";

/** What planning asks of the world. Times and prices are what is known at this moment; nothing is waited for. */
export interface PlanDeps {
  /** Uniform in [0, 1). */
  readonly chance: () => number;
  /** Undefined = the provider that it names does not exist. */
  readonly traits: (target: TargetRoute) => TargetTraits | undefined;
  /** Expected time to a first token; undefined = never seen. */
  readonly firstTokenMs: (target: TargetRoute) => number | undefined;
  /** Calls under way. */
  readonly pending: (target: TargetRoute) => number;
  /** Micro-dollars at the request's estimated tokens; undefined = the price is unknown. */
  readonly estimateCost: (target: TargetRoute) => number | undefined;
}

export interface PlanRequest {
  readonly needs: RequestNeeds;
  readonly facts: ConditionFacts;
}

/** What makes two targets the same place. */
export function targetKey(target: { readonly provider: string; readonly model: string }): string {
  return `${target.provider}\n${target.model}`;
}

/**
 * Token counts are estimates. A target is left out only when the request is this much longer than its context; between the two it comes after
 * all others, because the estimate may be wrong and a refusal would be final.
 */
const CERTAIN_EXCESS = 1.5;

interface Branch {
  readonly position: number;
  readonly candidates: readonly Candidate[];
}

const nameOf = (branch: Branch | undefined): string => {
  const target = branch?.candidates[0]?.target;
  return target === undefined ? "nothing" : `${target.provider}/${target.model}`;
};

class Planner {
  readonly excluded: ExcludedTarget[] = [];
  readonly decisions: RouteDecision[] = [];
  /** Likely too long for their context: tried last. */
  readonly doubtful = new Set<string>();
  readonly #request: PlanRequest;
  readonly #deps: PlanDeps;

  constructor(request: PlanRequest, deps: PlanDeps) {
    this.#request = request;
    this.#deps = deps;
  }

  plan(route: Route, path: string): readonly Candidate[] {
    if (route.kind === "target") return this.#planTarget(route);
    // Its place is taken before its branches': decisions read from the root down.
    const at = this.decisions.push({ path, kind: route.kind, order: [], reason: "" }) - 1;
    const decide = (branches: readonly Branch[], reason: string): readonly Candidate[] => {
      this.decisions[at] = { path, kind: route.kind, order: branches.map(({ position }) => position), reason };
      return branches.flatMap(({ candidates }) => candidates);
    };
    switch (route.kind) {
      case "fallback":
        return decide(this.#branches(route, path), "in the order written");
      case "fastest":
        return this.#fastest(this.#branches(route, path), decide);
      case "cheapest":
        return this.#cheapest(this.#branches(route, path), decide);
      case "weighted":
      case "sticky":
        return this.#drawn(route, path, decide);
      case "conditional":
        return this.#conditional(route, path, decide);
    }
  }

  #branches(route: Exclude<Route, TargetRoute>, path: string): readonly Branch[] {
    return branchesOf(route)
      .map((branch, position) => {
        const nested = route.kind === "weighted" || route.kind === "sticky" ? ".route" : "";
        return { position, candidates: this.plan(branch, `${path}.routes[${position}]${nested}`) };
      })
      .filter(({ candidates }) => candidates.length > 0);
  }

  #planTarget(target: TargetRoute): readonly Candidate[] {
    const traits = this.#deps.traits(target);
    if (traits === undefined) {
      this.excluded.push({ target, isAbsent: true, missing: [], context: undefined });
      return [];
    }
    const { capabilities, inputTokens, maxOutputTokens } = this.#request.needs;
    const missing = [...capabilities].filter((capability: Capability) => !traits.capabilities.has(capability));
    const available = traits.contextTokens;
    const tooLong = available !== undefined && inputTokens > available * CERTAIN_EXCESS;
    if (missing.length > 0 || tooLong) {
      const context = tooLong ? { needed: inputTokens, available } : undefined;
      this.excluded.push({ target, isAbsent: false, missing, context });
      return [];
    }
    // A limit of the answer is no wish for its length, and some servers cut it to what fits.
    if (available !== undefined && inputTokens + (maxOutputTokens ?? 0) > available)
      this.doubtful.add(targetKey(target));
    return [{ ...traits, target, expectedCostUsdMicros: this.#deps.estimateCost(target) }];
  }

  /** Latency of a branch: its first candidate's, times the calls that wait with it (as Finagle's Peak-EWMA balancer). */
  #loadOf({ candidates: [first] }: Branch): number | undefined {
    const firstTokenMs = first === undefined ? undefined : this.#deps.firstTokenMs(first.target);
    return first === undefined || firstTokenMs === undefined
      ? undefined
      : firstTokenMs * (this.#deps.pending(first.target) + 1);
  }

  /** The better of two drawn ones first ("power of two choices", M. Mitzenmacher, 2001): all isolates' best guess at once would flood one target. */
  #fastest(branches: readonly Branch[], decide: Decide): readonly Candidate[] {
    const loads = new Map(branches.map((branch) => [branch, this.#loadOf(branch)]));
    // Never seen is tried first when it is drawn: it would stay unknown otherwise.
    const load = (branch: Branch): number => loads.get(branch) ?? 0;
    const drawn = drawOrder(
      branches.map(() => 1),
      () => this.#deps.chance(),
    ).flatMap((position) => branches[position] ?? []);
    const [a, b] = drawn;
    if (a === undefined || b === undefined) return decide(branches, "the only one that can answer");
    const winner = load(b) < load(a) ? b : a;
    const rest = branches.filter((branch) => branch !== winner).sort((x, y) => load(x) - load(y));
    const words = [a, b].map((branch) => {
      const ms = loads.get(branch);
      return `${nameOf(branch)} ${ms === undefined ? "not yet measured" : `${Math.round(ms)} ms`}`;
    });
    return decide([winner, ...rest], `expected first token of two drawn: ${words.join(", ")}`);
  }

  #cheapest(branches: readonly Branch[], decide: Decide): readonly Candidate[] {
    const cost = ({ candidates: [first] }: Branch): number => first?.expectedCostUsdMicros ?? Number.POSITIVE_INFINITY;
    const order = [...branches].sort((a, b) => (cost(a) === cost(b) ? a.position - b.position : cost(a) - cost(b)));
    const words = order.map((branch) => {
      const known = branch.candidates[0]?.expectedCostUsdMicros;
      return `${nameOf(branch)} ${known === undefined ? "of unknown price" : `about ${known} micro-dollars`}`;
    });
    return decide(order, words.join(", "));
  }

  #drawn(
    route: Extract<Route, { readonly kind: "weighted" | "sticky" }>,
    path: string,
    decide: Decide,
  ): readonly Candidate[] {
    const branches = this.#branches(route, path);
    const subject = route.kind === "sticky" ? this.#subject(route.by) : undefined;
    const { project, model } = this.#request.facts;
    const uniform = (position: number): number => {
      const written = route.routes[branches[position]?.position ?? -1]?.route;
      if (subject === undefined || written === undefined) return this.#deps.chance();
      // By what the branch is, not where it stands: inserting one moves no subject between the others.
      return hashFraction(JSON.stringify([project, model, path, subject, targetsOf(written).map(targetKey)]));
    };
    const weights = branches.map(({ position }) => route.routes[position]?.weight ?? 0);
    const order = drawOrder(weights, uniform).flatMap((position) => branches[position] ?? []);
    const by = route.kind === "weighted" ? "drawn by weight" : `decided by ${route.by}`;
    const reason = route.kind === "sticky" && subject === undefined ? `${route.by} is absent: drawn by weight` : by;
    return decide(order, reason);
  }

  #subject(by: string): string | undefined {
    const { facts } = this.#request;
    if (by === "user") return facts.user;
    if (by === "key") return facts.key;
    const name = by.slice("metadata.".length);
    const value = Object.hasOwn(facts.metadata, name) ? facts.metadata[name] : undefined;
    return value === undefined || value === null || typeof value === "object" ? undefined : String(value);
  }

  /** One branch and no other: a condition may stand for where data may go, and a failure must not lead past it. */
  #conditional(
    route: Extract<Route, { readonly kind: "conditional" }>,
    path: string,
    decide: Decide,
  ): readonly Candidate[] {
    const position = route.branches.findIndex(({ when }) => conditionHolds(when, this.#request.facts));
    const chosen = route.branches[position];
    if (chosen !== undefined) {
      const candidates = this.plan(chosen.route, `${path}.branches[${position}].route`);
      return decide([{ position, candidates }], describeCondition(chosen.when));
    }
    if (route.otherwise === undefined) return decide([], "no condition holds, and there is no `otherwise`");
    const candidates = this.plan(route.otherwise, `${path}.otherwise`);
    return decide([{ position: route.branches.length, candidates }], "no condition holds");
  }
}

type Decide = (branches: readonly Branch[], reason: string) => readonly Candidate[];

/** The first of each target. */
function distinct(candidates: readonly Candidate[]): readonly Candidate[] {
  const seen = new Set<string>();
  return candidates.filter(({ target }) => {
    const key = targetKey(target);
    return !seen.has(key) && seen.add(key);
  });
}

/**
 * Decides a model's route for one request: which targets can answer it, and in which order they are tried.
 * @throws MillraceError `no-capable-target` that says what each target lacks.
 */
export function planRoute(route: Route, request: PlanRequest, deps: PlanDeps): RoutePlan {
  const planner = new Planner(request, deps);
  const ordered = distinct(planner.plan(route, "route"));
  const { excluded, decisions, doubtful } = planner;
  if (ordered.length === 0) throw noCapableTarget(request.facts.model, { excluded, decisions });
  if (doubtful.size === 0) return { candidates: ordered, excluded, decisions };
  const isDoubtful = ({ target }: Candidate): boolean => doubtful.has(targetKey(target));
  const candidates = [...ordered.filter((candidate) => !isDoubtful(candidate)), ...ordered.filter(isDoubtful)];
  return { candidates, excluded, decisions };
}

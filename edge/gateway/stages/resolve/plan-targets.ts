import {
  type Bundle,
  type Capability,
  type Model,
  type Provider,
  providerKinds,
  surfaceCapabilitySchema,
  type TargetRoute,
} from "@millrace/core/contract";
import { costOf, findPrice } from "@millrace/core/pricing";
import {
  type ConditionFacts,
  type PlanDeps,
  planRoute,
  type RequestNeeds,
  type RoutePlan,
  type TargetTraits,
} from "@millrace/core/routing";
import type { PlannedTarget, Target } from "../../exchange/target.ts";
import type { HealthView } from "../../health/health-view.ts";
import { providerRegistry } from "../../providers/registry.ts";

/** Output tokens that prices are compared at where the request sets no limit: about a page, the length of a common answer. */
const USUAL_OUTPUT_TOKENS = 500;

export interface PlanInput {
  readonly bundle: Bundle;
  readonly model: Model;
  readonly needs: RequestNeeds;
  readonly facts: ConditionFacts;
  readonly health: HealthView;
  /** Uniform in [0, 1). */
  readonly chance: () => number;
}

export interface PlannedRoute {
  readonly plan: RoutePlan;
  readonly candidates: readonly [PlannedTarget, ...PlannedTarget[]];
}

function providerOf(bundle: Bundle, name: string): Provider | undefined {
  return Object.hasOwn(bundle.providers, name) ? bundle.providers[name] : undefined;
}

/** What the adapter says of the model; which surfaces beyond text it has, its kind says. */
function knownCapabilities(provider: Provider, model: string, needs: RequestNeeds): ReadonlySet<Capability> {
  const ofModel = providerRegistry[provider.kind].capabilities(model);
  const asked = surfaceCapabilitySchema.options.find((capability) => needs.capabilities.has(capability));
  if (asked === undefined) return ofModel;
  const known = new Set(ofModel);
  if ((providerKinds[provider.kind].surfaces ?? []).includes(asked)) known.add(asked);
  else known.delete(asked);
  return known;
}

/** The same, as the route corrects it. */
function capabilitiesOf(provider: Provider, target: TargetRoute, needs: RequestNeeds): ReadonlySet<Capability> {
  const known = knownCapabilities(provider, target.model, needs);
  if (target.capabilities === undefined) return known;
  const corrected = new Set(known);
  for (const [capability, has] of Object.entries(target.capabilities) as [Capability, boolean][]) {
    if (has) corrected.add(capability);
    else corrected.delete(capability);
  }
  return corrected;
}

function planDeps(input: PlanInput): PlanDeps {
  const { bundle, model, needs, health, facts } = input;
  const targetOf = ({ provider: name, model: upstream }: TargetRoute): Target | undefined => {
    const provider = providerOf(bundle, name);
    return provider && { provider, model: upstream, tier: providerRegistry[provider.kind].tier };
  };
  return {
    chance: input.chance,
    traits(target): TargetTraits | undefined {
      const provider = providerOf(bundle, target.provider);
      if (provider === undefined) return undefined;
      const contextTokens = target.context_tokens ?? model.context_tokens;
      return { capabilities: capabilitiesOf(provider, target, needs), contextTokens };
    },
    firstTokenMs(route) {
      const target = targetOf(route);
      return target && health.firstTokenMs(target, facts.nowMs);
    },
    pending(route) {
      const target = targetOf(route);
      return target === undefined ? 0 : health.pending(target);
    },
    estimateCost({ provider: name, model: upstream }) {
      const kind = providerOf(bundle, name)?.kind;
      if (kind === undefined || bundle.prices.length === 0) return undefined;
      const price = findPrice(bundle.prices, { provider: name, kind, model: upstream, atMs: facts.nowMs });
      const outputTokens = needs.maxOutputTokens ?? USUAL_OUTPUT_TOKENS;
      return price && costOf({ inputTokens: needs.inputTokens, outputTokens }, price);
    },
  };
}

/**
 * A model's route for one request, with the providers that its targets name.
 * @throws MillraceError `no-capable-target`.
 */
export function planTargets(input: PlanInput): PlannedRoute {
  const plan = planRoute(input.model.route, { needs: input.needs, facts: input.facts }, planDeps(input));
  const [first, ...rest] = plan.candidates.flatMap(({ target, ...traits }): PlannedTarget[] => {
    const provider = providerOf(input.bundle, target.provider);
    if (provider === undefined) return [];
    return [{ ...traits, provider, model: target.model, tier: providerRegistry[provider.kind].tier }];
  });
  // A plan is never empty, and holds only targets whose provider is there.
  if (first === undefined) throw new Error("a plan without candidates");
  return { plan, candidates: [first, ...rest] };
}

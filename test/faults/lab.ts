import { type Bundle, type Capability, modelSchema, priceSchema, providerSchema } from "@millrace/core/contract";
import { startFaultUpstream, type FaultUpstream } from "../fakes/fault-upstream.ts";
import { type GatewayUnderTest, newTenant, startGateway, type Tenant } from "../support/gateway.ts";
import type { FaultTarget, Scenario, World } from "./scenario.ts";
import { sound } from "./wire.ts";

/** The real gateway in front of scripted providers. */
export interface Lab {
  readonly gateway: GatewayUnderTest;
  readonly upstream: FaultUpstream;
  /** A project of its own for one scenario, so that no circuit and no key is shared between two. */
  admit(scenario: LabScenario, world: Pick<World, "firstText">): Promise<LabTenant>;
  close(): Promise<void>;
}

export type LabScenario = Pick<Scenario, "targets" | "resilience">;

export interface LabTenant extends Tenant {
  /** Name under which the scripted server knows a target of this tenant. */
  readonly scripted: (target: string) => string;
}

/** The name of the model that a scenario calls. */
export const MODEL = "under-test";
const SECRETS = { SECRET_ACME_KEY_A: "secret-key-a-0123456789", SECRET_ACME_KEY_B: "secret-key-b-0123456789" };

/** Micro-dollars for a token of input and of output, the same at every target. */
export const PRICE = { input: 1, output: 3 } as const;
const TOKENS_OF_RATE = 1_000_000;
const prices = (["openai-compatible", "anthropic"] as const).map((kind) =>
  priceSchema.parse({
    scope: { kind },
    model: "model-",
    match: "prefix",
    rates: { input: PRICE.input * TOKENS_OF_RATE, output: PRICE.output * TOKENS_OF_RATE },
  }),
);

function capabilitiesOf(target: FaultTarget): Partial<Record<Capability, boolean>> {
  return target.prefill === undefined ? {} : { prefill: target.prefill };
}

function catalogOf(
  targets: readonly FaultTarget[],
  context: { readonly urlOf: (target: FaultTarget) => string; readonly resilience: Scenario["resilience"] },
): Pick<Bundle, "models" | "providers"> {
  const providers = targets.map((target) =>
    providerSchema.parse({
      name: target.name,
      kind: "openai-compatible",
      base_url: context.urlOf(target),
      timeouts: target.timeouts ?? {},
      ...target.provider,
    }),
  );
  const model = modelSchema.parse({
    name: MODEL,
    route: {
      kind: "fallback",
      routes: targets.map((target) => ({
        kind: "target",
        provider: target.name,
        model: `model-${target.name}`,
        capabilities: capabilitiesOf(target),
        ...(target.contextTokens === undefined ? {} : { context_tokens: target.contextTokens }),
      })),
    },
    // Pauses cost the suite time and prove nothing.
    resilience: { backoff_ms: 1, ...context.resilience },
  });
  return { models: { [MODEL]: model }, providers: Object.fromEntries(providers.map((each) => [each.name, each])) };
}

/** Starts both; a scenario is admitted in milliseconds after that. */
export async function startLab(vars: Readonly<Record<string, string>> = {}): Promise<Lab> {
  const upstream = await startFaultUpstream();
  const allowed = `${upstream.host},127.0.0.1:9`;
  const gateway = await startGateway({ ALLOWED_PRIVATE_HOSTS: allowed, ...SECRETS, ...vars });
  let admitted = 0;
  return {
    gateway,
    upstream,
    async admit({ targets, resilience }, { firstText }) {
      const number = ++admitted;
      const scripted = (target: string): string => `s${number}-${target}`;
      const described = targets({ firstText, origin: upstream.origin });
      for (const { name, answers } of described) upstream.script(scripted(name), answers ?? [sound(name)]);
      const urlOf = (target: FaultTarget): string => target.url ?? upstream.url(scripted(target.name));
      const tenant = newTenant({
        ...catalogOf(described, { urlOf, resilience }),
        prices: prices.map((price) => ({ price, origin: "override" })),
      });
      await gateway.publish(tenant);
      return { ...tenant, scripted };
    },
    async close() {
      await gateway.close();
      await upstream.close();
    },
  };
}

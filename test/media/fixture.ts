import type { Bundle } from "@millrace/core/contract";
import { priceSchema, surfaceSchema } from "@millrace/core/contract";
import OpenAI from "openai";
import { startUpstream, type Upstream } from "../fakes/upstream.ts";
import { eventually } from "../support/eventually.ts";
import {
  type GatewayOptions,
  type GatewayUnderTest,
  newTenant,
  startGateway,
  type Tenant,
} from "../support/gateway.ts";

export const timeouts = { headers_ms: 2000, first_token_ms: 2000, gap_ms: 2000, total_ms: 10_000 };
type Trace = Awaited<ReturnType<GatewayUnderTest["state"]>>["traces"][number];

export interface MediaFixture {
  readonly upstream: Upstream;
  readonly gateway: GatewayUnderTest;
  readonly tenant: Tenant;
  readonly client: OpenAI;
  clientOf(tenant: Tenant): OpenAI;
  /** The trace of an exchange, once it is there. */
  traceOf(response: Response): Promise<Trace>;
  close(): Promise<void>;
}

const target = (provider: string, model: string) => ({ kind: "target", provider, model }) as const;
const surfaces = surfaceSchema.options;

/** `all` (everything, by URL), `claude` (a kind without media), `either` (that, then the other), `native` (OpenAI itself). */
export function catalogOf(origin: string): Pick<Bundle, "models" | "providers" | "prices"> {
  const model = (name: string, route: Bundle["models"][string]["route"]) => ({ [name]: { name, route, surfaces } });
  const base_url = `${origin}/v1`;
  return {
    models: {
      ...model("all", target("cloud", "all-upstream")),
      ...model("claude", target("anthropic", "claude-upstream")),
      ...model("either", {
        kind: "fallback",
        routes: [target("anthropic", "claude-upstream"), target("cloud", "all-upstream")],
      }),
      ...model("native", target("openai", "gpt-4o-mini")),
    },
    providers: {
      cloud: { name: "cloud", kind: "openai-compatible", base_url, secret: "API_KEY", timeouts },
      anthropic: { name: "anthropic", kind: "anthropic", base_url, secret: "API_KEY", timeouts },
      openai: { name: "openai", kind: "openai", base_url, secret: "API_KEY", timeouts },
    },
    prices: [
      {
        origin: "override",
        price: priceSchema.parse({
          scope: { provider: "cloud" },
          model: "all-upstream",
          rates: { input: 1_000_000, output: 2_000_000, image_output: 40_000_000 },
        }),
      },
      {
        origin: "override",
        price: priceSchema.parse({
          scope: { provider: "openai" },
          model: "gpt-4o-mini",
          rates: { input: 2_000_000, output: 4_000_000 },
          modes: { batch: { percent: 50 } },
        }),
      },
    ],
  };
}

/** The value of the secret `API_KEY`. */
export const API_KEY = "sk-live-0123456789abcdef";

/** @param origins what the gateway may call besides the upstream */
export async function startMedia(options: GatewayOptions = {}, origins: readonly string[] = []): Promise<MediaFixture> {
  const upstream = await startUpstream();
  const hosts = [upstream.origin, ...origins].map((origin) => new URL(origin).host);
  const gateway = await startGateway({ ALLOWED_PRIVATE_HOSTS: hosts.join(","), SECRET_ACME_API_KEY: API_KEY }, options);
  const tenant = newTenant(catalogOf(upstream.origin));
  await gateway.publish(tenant);
  const clientOf = ({ key }: Tenant): OpenAI =>
    new OpenAI({ apiKey: key, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  return {
    upstream,
    gateway,
    tenant,
    client: clientOf(tenant),
    clientOf,
    async traceOf(response) {
      let found: Trace | undefined;
      await eventually(async () => {
        const id = response.headers.get("x-millrace-trace");
        found = (await gateway.state()).traces.find(({ record }) => record.id === id);
        if (found === undefined) throw new Error("no trace yet");
      });
      if (found === undefined) throw new Error("no trace");
      return found;
    },
    async close() {
      await gateway.close();
      await upstream.close();
    },
  };
}

import type { Provider } from "@millrace/core/contract";
import { startUpstream, type Upstream } from "../fakes/upstream.ts";
import { type GatewayUnderTest, newTenant, startGateway, type Tenant } from "./gateway.ts";

/** A gateway whose one tenant has the model `small`, served by one upstream. */
export interface OneModelGateway {
  readonly upstream: Upstream;
  readonly gateway: GatewayUnderTest;
  readonly tenant: Tenant;
  close(): Promise<void>;
}

/** What the test of an answer allows a fake that answers at once, even on a loaded machine. */
const patient: Provider["timeouts"] = { headers_ms: 5000, first_token_ms: 5000, gap_ms: 5000, total_ms: 20_000 };

/** Starts both, and publishes the tenant. The caller closes them. */
export async function startOneModelGateway(timeouts: Provider["timeouts"] = patient): Promise<OneModelGateway> {
  const upstream = await startUpstream();
  const gateway = await startGateway({ ALLOWED_PRIVATE_HOSTS: new URL(upstream.origin).host });
  const tenant = newTenant({
    models: { small: { name: "small", route: { kind: "target", provider: "cloud", model: "s" }, surfaces: ["chat"] } },
    providers: {
      cloud: { name: "cloud", kind: "openai-compatible", base_url: `${upstream.origin}/v1`, timeouts },
    },
  });
  await gateway.publish(tenant);
  return {
    upstream,
    gateway,
    tenant,
    close: async () => {
      await gateway.close();
      await upstream.close();
    },
  };
}

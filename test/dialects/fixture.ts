import { type Bundle, defaultResilience, promptContentSchema, type TraceRecord } from "@millrace/core/contract";
import { closureHash } from "@millrace/core/prompt";
import { eventually } from "../support/eventually.ts";
import { json, sse, startUpstream, type Script, type Upstream } from "../fakes/upstream.ts";
import { type GatewayUnderTest, newTenant, startGateway, type Tenant } from "../support/gateway.ts";

export const timeouts = { headers_ms: 2000, first_token_ms: 2000, gap_ms: 2000, total_ms: 10_000 };

export interface DialectFixture {
  readonly upstream: Upstream;
  readonly gateway: GatewayUnderTest;
  readonly tenant: Tenant;
  /** The record of an exchange, once it is there. */
  traceOf(id: string | null | undefined): Promise<TraceRecord>;
  close(): Promise<void>;
}

/** Models `small` and `brittle` (OpenAI's form), `claude` (Anthropic's own) and `both` (Anthropic, then OpenAI's form). */
function catalogOf(origin: string): Pick<Bundle, "models" | "providers"> {
  const target = (provider: string, model: string) => ({ kind: "target", provider, model }) as const;
  return {
    models: {
      small: { name: "small", route: target("cloud", "small-upstream"), surfaces: ["chat"], context_tokens: 4000 },
      claude: { name: "claude", route: target("anthropic", "claude-upstream"), surfaces: ["chat"] },
      both: {
        name: "both",
        route: {
          kind: "fallback",
          routes: [target("anthropic", "claude-upstream"), target("cloud", "small-upstream")],
        },
        surfaces: ["chat"],
      },
      /** One try, and no recovery: what breaks is broken. */
      brittle: {
        name: "brittle",
        route: target("troubled", "small-upstream"),
        surfaces: ["chat"],
        resilience: { ...defaultResilience, max_attempts: 1, retries_per_target: 0, recovery: "fail" },
      },
      gpt: { name: "gpt", route: target("cloud", "gpt-4o"), surfaces: ["chat"] },
      vectors: { name: "vectors", route: target("cloud", "vectors-upstream"), surfaces: ["embeddings"] },
    },
    providers: {
      cloud: { name: "cloud", kind: "openai-compatible", base_url: `${origin}/v1`, secret: "API_KEY", timeouts },
      /** Its keys may get into trouble without the others noticing. */
      troubled: {
        name: "troubled",
        kind: "openai-compatible",
        base_url: `${origin}/v1`,
        secret: "OTHER_KEY",
        timeouts,
      },
      anthropic: {
        name: "anthropic",
        kind: "anthropic",
        base_url: `${origin}/anthropic/v1`,
        secret: "ANTHROPIC_KEY",
        timeouts,
      },
    },
  };
}

/** A prompt `reply`, version 3, with the variable `name`; and `fact`, which asks Claude for JSON. */
function promptsOf(): Pick<Bundle, "prompts" | "versions"> {
  const fact = promptContentSchema.parse({
    messages: [{ slot: "input" }],
    output: { schema: { type: "object", properties: { city: { type: "string" } } } },
    settings: { model: "claude" },
  });
  const factHash = closureHash(fact, {});
  const content = promptContentSchema.parse({
    system: "You help {{name}}.",
    messages: [{ slot: "input" }],
    variables: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
    settings: { model: "small" },
  });
  const hash = closureHash(content, {});
  return {
    prompts: {
      fact: { id: `prm_${"1".repeat(32)}`, labels: { production: factHash }, numbers: { "1": factHash } },
      reply: { id: `prm_${"0".repeat(32)}`, labels: { production: hash }, numbers: { "3": hash } },
    },
    versions: {
      [factHash]: { prompt: "fact", version: 1, content: fact, includes: {} },
      [hash]: { prompt: "reply", version: 3, content, includes: {} },
    },
  };
}

export async function startDialects(): Promise<DialectFixture> {
  const upstream = await startUpstream();
  const gateway = await startGateway({
    ALLOWED_PRIVATE_HOSTS: new URL(upstream.origin).host,
    SECRET_ACME_API_KEY: "sk-live-0123456789abcdef",
    SECRET_ACME_OTHER_KEY: "sk-live-fedcba9876543210",
    SECRET_ACME_ANTHROPIC_KEY: "sk-ant-0123456789abcdef",
  });
  const tenant = newTenant({ ...catalogOf(upstream.origin), prompts: promptsOf() });
  await gateway.publish(tenant);
  return {
    upstream,
    gateway,
    tenant,
    async traceOf(id) {
      let found: TraceRecord | undefined;
      await eventually(async () => {
        found = (await gateway.state()).traces.find(({ record }) => record.id === id)?.record;
        if (found === undefined) throw new Error(`no trace ${id}`);
      });
      if (found === undefined) throw new Error(`no trace ${id}`);
      return found;
    },
    close: async () => {
      await gateway.close();
      await upstream.close();
    },
  };
}

const head = { id: "chatcmpl-1", created: 1_700_000_000, model: "small-2026" };
export const usage = { prompt_tokens: 12, completion_tokens: 4, total_tokens: 16 };

export function completion(message: object, finish = "stop", more: object = { usage }): Script {
  const choice = { index: 0, message: { role: "assistant", ...message }, logprobs: null, finish_reason: finish };
  return json({ ...head, object: "chat.completion", choices: [choice], ...more });
}

export function chunk(delta: object, finish: string | null = null): object {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  return { ...head, object: "chat.completion.chunk", choices };
}

export const usageChunk = { ...head, object: "chat.completion.chunk", choices: [], usage };

export function stream(deltas: readonly object[], finish = "stop"): Script {
  return sse([...deltas.map((delta) => chunk(delta)), chunk({}, finish), usageChunk, "[DONE]"]);
}

const weather = (index: number, id: string, city: string) => [
  { tool_calls: [{ index, id, type: "function", function: { name: "weather", arguments: "" } }] },
  { tool_calls: [{ index, function: { arguments: `{"city":"` } }] },
  { tool_calls: [{ index, function: { arguments: `${city}"}` } }] },
];
/** Two calls of `weather`, one after the other. */
export const parallelDeltas: readonly object[] = [...weather(0, "call_a", "Bonn"), ...weather(1, "call_b", "Köln")];

/** Half an answer: the socket dies after its first words. */
export const cut: Script = {
  headers: { "content-type": "text/event-stream" },
  steps: [{ write: `data: ${JSON.stringify(chunk({ content: "Hel" }))}\n\n` }, { cut: true }],
};

import type { Bundle } from "@millrace/core/contract";
import { json, type Script, type SeenRequest, sse, startUpstream, type Upstream } from "../fakes/upstream.ts";
import { type GatewayUnderTest, newTenant, startGateway, type Tenant } from "../support/gateway.ts";

export interface ClientLab {
  readonly upstream: Upstream;
  readonly gateway: GatewayUnderTest;
  readonly tenant: Tenant;
  close(): Promise<void>;
}

const head = { id: "chatcmpl-7", created: 1_700_000_000, model: "scripted-2026" };
const usage = { prompt_tokens: 11, completion_tokens: 5, total_tokens: 16 };

/** What a model says: text, or calls of tools. */
export type Said =
  | { readonly text: string }
  | { readonly calls: readonly { readonly name: string; readonly arguments: object }[] };

function messageOf(said: Said): object {
  if ("text" in said) return { role: "assistant", content: said.text, refusal: null };
  return { role: "assistant", content: null, refusal: null, tool_calls: callsOf(said.calls) };
}

function callsOf(calls: Extract<Said, { calls: unknown }>["calls"]): object[] {
  return calls.map((call, index) => ({
    index,
    id: `call_${index}`,
    type: "function",
    function: { name: call.name, arguments: JSON.stringify(call.arguments) },
  }));
}

/** Deltas in small pieces, so that a client has something to put together. */
function deltasOf(said: Said): object[] {
  if ("text" in said) return said.text.split(/(?<=\s)/).map((content) => ({ content }));
  return callsOf(said.calls).map((call) => ({ tool_calls: [call] }));
}

/** The same answer, whole or streamed, as the request asks. */
export function says(said: Said, request: SeenRequest): Script {
  const finish = "text" in said ? "stop" : "tool_calls";
  if (request.json["stream"] !== true) {
    const choice = { index: 0, message: messageOf(said), logprobs: null, finish_reason: finish };
    return json({ ...head, object: "chat.completion", choices: [choice], usage });
  }
  const chunk = (delta: object, finish_reason: string | null): object => ({
    ...head,
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason }],
  });
  return sse([
    chunk({ role: "assistant", content: "" }, null),
    ...deltasOf(said).map((delta) => chunk(delta, null)),
    chunk({}, finish),
    { ...head, object: "chat.completion.chunk", choices: [], usage },
    "[DONE]",
  ]);
}

/** The beginning of a streamed answer, after which nothing comes any more. */
export function hangsInMidAnswer(request: SeenRequest): Script {
  const { steps = [], ...rest } = says({ text: "one two" }, request);
  return { ...rest, steps: [...[...steps].slice(0, 2), { hang: true }] };
}

/** A vector for each text: how long it is, and where it stood. */
export function vectorsOf(request: SeenRequest): Script {
  const data = (request.json["input"] as string[]).map((text, index) => ({
    object: "embedding",
    index,
    embedding: [text.length, index],
  }));
  return json({ object: "list", model: "vectors", data, usage: { prompt_tokens: 4, total_tokens: 4 } });
}

/** The real gateway in front of a model whose words a test writes. */
export async function startClientLab(): Promise<ClientLab> {
  const upstream = await startUpstream();
  const gateway = await startGateway({ ALLOWED_PRIVATE_HOSTS: new URL(upstream.origin).host });
  const timeouts = { headers_ms: 10_000, first_token_ms: 10_000, gap_ms: 10_000, total_ms: 30_000 };
  const models: Bundle["models"] = {
    scripted: {
      name: "scripted",
      route: { kind: "target", provider: "cloud", model: "scripted-upstream" },
      surfaces: ["chat", "embeddings"],
    },
  };
  const tenant = newTenant({
    models,
    providers: { cloud: { name: "cloud", kind: "openai-compatible", base_url: `${upstream.origin}/v1`, timeouts } },
  });
  await gateway.publish(tenant);
  return {
    upstream,
    gateway,
    tenant,
    async close() {
      await gateway.close();
      await upstream.close();
    },
  };
}

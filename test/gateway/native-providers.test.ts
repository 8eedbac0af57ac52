import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startUpstream, type Upstream } from "../fakes/upstream.ts";
import { anthropicFixture } from "../providers/anthropic/fixtures.ts";
import { bedrockFixture } from "../providers/bedrock/fixtures.ts";
import type { CaseFixture, ProviderFixture } from "../providers/provider-fixture.ts";
import { fixtureText, fixtureUsage } from "../providers/provider-fixture.ts";
import { type GatewayUnderTest, newTenant, startGateway, type Tenant } from "../support/gateway.ts";

/** Providers with a format of their own, through the whole gateway in workerd. */
const timeouts = { headers_ms: 5000, first_token_ms: 5000, gap_ms: 5000, total_ms: 10_000 };
let upstream: Upstream;
let gateway: GatewayUnderTest;
let tenant: Tenant;

beforeAll(async () => {
  upstream = await startUpstream();
  gateway = await startGateway({
    ALLOWED_PRIVATE_HOSTS: new URL(upstream.origin).host,
    SECRET_ACME_ANTHROPIC: anthropicFixture.secret,
    SECRET_ACME_AWS: bedrockFixture.secret,
  });
  const model = (name: string, provider: string, fixture: ProviderFixture) => ({
    name,
    route: { kind: "target", provider, model: fixture.model } as const,
    surfaces: ["chat" as const],
  });
  tenant = newTenant({
    models: { claude: model("claude", "anthropic", anthropicFixture), aws: model("aws", "bedrock", bedrockFixture) },
    providers: {
      anthropic: { name: "anthropic", kind: "anthropic", base_url: upstream.origin, secret: "ANTHROPIC", timeouts },
      bedrock: {
        name: "bedrock",
        kind: "bedrock",
        base_url: upstream.origin,
        secret: "AWS",
        timeouts,
        settings: { region: "eu-central-1" },
      },
    },
  });
  await gateway.publish(tenant);
});
afterAll(async () => {
  await gateway?.close();
  await upstream?.close();
});

function textCase(fixture: ProviderFixture): CaseFixture {
  const { text } = fixture.cases;
  if ("unsupported" in text) throw new Error("no text");
  return text;
}

describe.each([
  ["claude", anthropicFixture],
  ["aws", bedrockFixture],
] as const)("%s", (model, fixture) => {
  const messages = [{ role: "user", content: "Greet the world." }];

  it("answers whole, with what it cost", async () => {
    upstream.answer({
      headers: { "content-type": "application/json" },
      steps: [{ write: JSON.stringify(textCase(fixture).whole) }],
    });
    const response = await gateway.post("/v1/chat/completions", tenant, { model, messages });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      object: "chat.completion",
      choices: [{ message: { role: "assistant", content: fixtureText }, finish_reason: "stop" }],
      usage: fixtureUsage,
    });
  });

  it("streams, and ends with [DONE]", async () => {
    upstream.answer({
      headers: { "content-type": fixture.streamType },
      steps: textCase(fixture).stream.map((write) => ({ write })),
    });
    const response = await gateway.post("/v1/chat/completions", tenant, { model, messages, stream: true });
    const lines = (await response.text()).split("\n\n").filter((line) => line !== "");
    expect(lines.at(-1)).toBe("data: [DONE]");
    const text = lines
      .slice(0, -1)
      .map((line) => JSON.parse(line.slice("data: ".length)) as { choices: { delta: { content?: string } }[] })
      .map(({ choices }) => choices[0]?.delta.content ?? "")
      .join("");
    expect(text).toBe(fixtureText);
  });

  it("says so when a stream is cut, and does not end it with [DONE]", async () => {
    upstream.answer({
      headers: { "content-type": fixture.streamType },
      steps: [
        ...textCase(fixture)
          .stream.slice(0, 4)
          .map((write) => ({ write })),
        { cut: true },
      ],
    });
    const response = await gateway.post("/v1/chat/completions", tenant, { model, messages, stream: true });
    const body = await response.text();
    expect(body).not.toContain("[DONE]");
    expect(body).toContain('"error"');
    expect(body).not.toContain('"finish_reason":"stop"');
  });
});

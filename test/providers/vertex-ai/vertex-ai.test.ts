import { createPublicKey, verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import { askProvider } from "../ask-provider.ts";
import { describeProvider } from "../conformance.ts";
import type { SentRequest, ServiceAnswer } from "../scripted-service.ts";
import { keys, serviceAccount, tokenAnswer, vertexAiFixture } from "./fixtures.ts";

describeProvider(vertexAiFixture);

const fields = { messages: [{ role: "user", content: "hi" }] };
const hello = { candidates: [{ content: { parts: [{ text: "Hello" }] }, finishReason: "STOP" }], responseId: "r" };
const json = (body: unknown, status = 200): ServiceAnswer => ({ status, chunks: [JSON.stringify(body)] });

/** A provider whose token services answer by the start of their address; what they were asked is kept. */
function vertex(
  secret: string,
  services: Readonly<Record<string, (request: SentRequest) => ServiceAnswer>>,
  settings: Readonly<Record<string, string>> = {},
) {
  const asked: SentRequest[] = [];
  const aside = (request: SentRequest): ServiceAnswer | undefined => {
    const service = Object.entries(services).find(([address]) => request.url.startsWith(address))?.[1];
    if (service !== undefined) asked.push(request);
    return service?.(request);
  };
  return { asked, ...askProvider("vertex-ai", { secret, model: "gemini-2.5-flash", provider: { settings }, aside }) };
}

/** Secrets differ between tests, so that no test finds another one's token. */
let serial = 0;
const fresh = (more: object = {}): string => serviceAccount({ private_key_id: `key-${serial++}`, ...more });
const TOKENS = "https://oauth2.googleapis.com/token";

describe("Vertex AI", () => {
  it("buys a token with an assertion that the account's key signed", async () => {
    const ask = vertex(fresh(), { [TOKENS]: () => tokenAnswer() });
    await ask.whole(fields, hello);
    const form = new URLSearchParams(ask.asked[0]?.text);
    expect(form.get("grant_type")).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
    const [head = "", claims = "", signature = ""] = (form.get("assertion") ?? "").split(".");
    const text = (part: string): unknown => JSON.parse(Buffer.from(part, "base64url").toString());
    expect(text(head)).toMatchObject({ alg: "RS256", typ: "JWT" });
    const { iat, exp, ...rest } = text(claims) as { iat: number; exp: number };
    expect(exp - iat).toBe(3600);
    expect(rest).toEqual({
      iss: "gateway@acme-prod.iam.gserviceaccount.com",
      scope: "https://www.googleapis.com/auth/cloud-platform",
      aud: TOKENS,
    });
    const key = createPublicKey(keys.publicKey);
    expect(verify("sha256", Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, "base64url"))).toBe(true);
  });

  it("keeps a token until shortly before its end, and no longer when it is refused", async () => {
    const lasting = vertex(fresh(), { [TOKENS]: () => tokenAnswer() });
    await lasting.whole(fields, hello);
    await lasting.whole(fields, hello);
    expect(lasting.asked).toHaveLength(1);
    const brief = vertex(fresh(), { [TOKENS]: () => tokenAnswer("t", 30) });
    await brief.whole(fields, hello);
    await brief.whole(fields, hello);
    expect(brief.asked).toHaveLength(2);
    const revoked = vertex(fresh(), { [TOKENS]: () => tokenAnswer() });
    await revoked.whole(fields, hello);
    const refusal = json({ error: { code: 401, message: "revoked", status: "UNAUTHENTICATED" } }, 401);
    await expect(revoked.answer(fields, refusal)).rejects.toMatchObject({ code: "upstream-unauthorized" });
    await revoked.whole(fields, hello);
    expect(revoked.asked).toHaveLength(2);
  });

  it("exchanges another issuer's token, and acts as a service account with what it gets", async () => {
    const impersonation = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@b:generateAccessToken";
    const secret = JSON.stringify({
      type: "external_account",
      audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/oidc",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      service_account_impersonation_url: impersonation,
      credential_source: {
        url: "https://id.acme.example/token",
        headers: { "x-client": "gateway" },
        format: { type: "json", subject_token_field_name: "id_token" },
      },
    });
    const services = {
      "https://id.acme.example": () => json({ id_token: "oidc-token" }),
      "https://sts.googleapis.com/v1/token": () => tokenAnswer("federated"),
      [impersonation]: () => json({ accessToken: "acting", expireTime: "2099-01-01T00:00:00Z" }),
    };
    const nowhere = vertex(secret, services);
    await expect(nowhere.whole(fields, hello)).rejects.toMatchObject({ code: "upstream-rejected" });
    const ask = vertex(secret, services, { project: "acme-eu", region: "global" });
    const { request } = await ask.whole(fields, hello);
    expect(ask.asked.map(({ url }) => new URL(url).hostname)).toEqual([
      "id.acme.example",
      "sts.googleapis.com",
      "iamcredentials.googleapis.com",
    ]);
    expect(ask.asked[0]?.headers.get("x-client")).toBe("gateway");
    expect(Object.fromEntries(new URLSearchParams(ask.asked[1]?.text))).toMatchObject({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: "oidc-token",
      audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/oidc",
    });
    expect(request?.headers.get("authorization")).toBe("Bearer acting");
    expect(request?.url).toContain("https://aiplatform.googleapis.com/v1/projects/acme-eu/locations/global/");
  });

  it("does not blame the caller for an identity that Google refuses, nor for a secret that is none", async () => {
    const refused = vertex(fresh(), { [TOKENS]: () => json({ error: "invalid_grant" }, 400) });
    await expect(refused.whole(fields, hello)).rejects.toMatchObject({ code: "upstream-unauthorized" });
    const away = vertex(fresh(), { [TOKENS]: () => json({}, 503) });
    await expect(away.whole(fields, hello)).rejects.toMatchObject({ code: "upstream-overloaded" });
    for (const secret of ["AIza-not-json", '{"type":"authorized_user"}', fresh({ private_key: "no key" })]) {
      const error = await vertex(secret, {})
        .whole(fields, hello)
        .catch((cause: unknown) => cause);
      expect(error).toMatchObject({ code: "upstream-unauthorized" });
      expect(String(error)).not.toContain("no key");
    }
  });

  it("embeds through predict, and lets no text be cut in silence", async () => {
    const ask = vertex(fresh(), { [TOKENS]: () => tokenAnswer() });
    const prediction = (values: number[], token_count: number): object => ({
      embeddings: { values, statistics: { token_count, truncated: false } },
    });
    const answer = { predictions: [prediction([1, 2], 3), prediction([3, 4], 5)] };
    const { body, sent, request } = await ask.whole({ input: ["a", "b"], dimensions: 2 }, answer, "embeddings");
    expect(request?.url.endsWith(":predict")).toBe(true);
    expect(sent).toEqual({
      instances: [{ content: "a" }, { content: "b" }],
      parameters: { autoTruncate: false, outputDimensionality: 2 },
    });
    expect(body).toMatchObject({ usage: { prompt_tokens: 8, total_tokens: 8 } });
  });
});

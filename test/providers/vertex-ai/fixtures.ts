import { generateKeyPairSync } from "node:crypto";
import { expect } from "vitest";
import { failure, geminiShape } from "../gemini/fixtures.ts";
import type { ConformanceCase, ProviderFixture } from "../provider-fixture.ts";
import type { SentRequest, ServiceAnswer } from "../scripted-service.ts";

/** A key of this run. */
export const keys = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

/** A service account's key as Google's console hands it out. */
export function serviceAccount(more: object = {}): string {
  return JSON.stringify({
    type: "service_account",
    project_id: "acme-prod",
    private_key_id: "0123abcd",
    private_key: keys.privateKey,
    client_email: "gateway@acme-prod.iam.gserviceaccount.com",
    token_uri: "https://oauth2.googleapis.com/token",
    ...more,
  });
}

export const ACCESS_TOKEN = "ya29.c.b0Aaekm1K";

export function tokenAnswer(token = ACCESS_TOKEN, expires_in = 3599): ServiceAnswer {
  return {
    headers: { "content-type": "application/json" },
    chunks: [JSON.stringify({ access_token: token, expires_in, token_type: "Bearer" })],
  };
}

function checked(name: ConformanceCase): ProviderFixture["cases"][ConformanceCase] {
  const given = geminiShape.cases[name];
  if ("unsupported" in given) return given;
  const sent = (request: SentRequest): void => {
    expect(request.url).toMatch(
      /^https:\/\/europe-west4-aiplatform\.googleapis\.com\/v1\/projects\/acme-prod\/locations\/europe-west4\/publishers\/google\/models\/gemini-2\.5-flash:(?:generateContent|streamGenerateContent\?alt=sse)$/,
    );
    expect(request.headers.get("authorization")).toBe(`Bearer ${ACCESS_TOKEN}`);
    given.sent?.(request);
  };
  return { ...given, sent };
}

export const vertexAiFixture: ProviderFixture = {
  ...geminiShape,
  kind: "vertex-ai",
  provider: { settings: { region: "europe-west4" } },
  secret: serviceAccount(),
  seenSecret: ACCESS_TOKEN,
  cases: Object.fromEntries(
    (Object.keys(geminiShape.cases) as ConformanceCase[]).map((name) => [name, checked(name)]),
  ) as ProviderFixture["cases"],
  faults: {
    ...geminiShape.faults,
    auth: { answer: failure(401, "UNAUTHENTICATED", { message: "Request had invalid authentication credentials." }) },
  },
  aside: ({ url }) => (url === "https://oauth2.googleapis.com/token" ? tokenAnswer() : undefined),
};

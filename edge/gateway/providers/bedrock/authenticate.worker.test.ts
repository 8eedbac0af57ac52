import { describe, expect, it } from "vitest";
import { authenticate, parseIdentity } from "./authenticate.ts";

describe("a signature for Bedrock in workerd", () => {
  it("is the one that AWS's own algorithm gives for this identity, time and body", async () => {
    const identity = parseIdentity("AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    const headers = await authenticate(identity, {
      url: "https://bedrock-runtime.eu-central-1.amazonaws.com/model/anthropic.claude-v2%3A1/converse",
      body: '{"messages":[]}',
      region: "eu-central-1",
      nowMs: Date.UTC(2026, 10, 22, 12, 0, 0),
    });
    expect(headers["x-amz-date"]).toBe("20261122T120000Z");
    // Computed from the steps of https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html with another implementation of HMAC.
    expect(headers["authorization"]).toBe(
      "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261122/eu-central-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature=74729f462821388ffa1e8f5dd8ce04acc20ca531c78f37e1a3e9ae07619daac6",
    );
  });
});

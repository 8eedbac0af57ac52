import { describe, expect, it } from "vitest";
import { z } from "zod";
import { otlpSettings, otlpVariables } from "./otlp-settings.ts";

const schema = z.object(otlpVariables);
const read = (variables: Record<string, string>) => otlpSettings(schema.parse(variables));

describe("the settings of the export", () => {
  it("are off without an endpoint", () => {
    expect(read({})).toBeUndefined();
    expect(read({ OTLP_ENDPOINT: "", OTLP_HEADERS: "", OTLP_CONTENT: "" })).toBeUndefined();
  });

  it.each([
    ["https://otel.test", "https://otel.test/v1/traces"],
    ["https://otel.test/", "https://otel.test/v1/traces"],
    ["https://cloud.test/api/public/otel", "https://cloud.test/api/public/otel/v1/traces"],
    ["http://10.0.0.1:4318/v1/traces", "http://10.0.0.1:4318/v1/traces"],
    ["https://otel.test/v1/traces?tenant=1", "https://otel.test/v1/traces?tenant=1"],
  ])("put the traces of %s where OpenTelemetry puts them", (endpoint, url) => {
    expect(read({ OTLP_ENDPOINT: endpoint })).toEqual({ url, headers: {}, content: false });
  });

  it("read headers as OpenTelemetry writes them", () => {
    const headers = "Authorization=Basic%20YTpi==, x-tenant = 7,";
    expect(read({ OTLP_ENDPOINT: "http://a", OTLP_HEADERS: headers, OTLP_CONTENT: "true" })).toEqual({
      url: "http://a/v1/traces",
      headers: { authorization: "Basic YTpi==", "x-tenant": "7" },
      content: true,
    });
  });

  it.each(["no-equals", "a b=c", "a=%zz"])("refuse %s as headers", (headers) => {
    expect(schema.safeParse({ OTLP_HEADERS: headers }).success).toBe(false);
  });
});

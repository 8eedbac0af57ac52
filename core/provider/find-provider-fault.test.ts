import { describe, expect, it } from "vitest";
import { providerKindSchema, providerKinds } from "../contract/index.ts";
import { baseUrlOf } from "./base-url-of.ts";
import { findProviderFault } from "./find-provider-fault.ts";

const account = "0123456789abcdef0123456789abcdef";

describe("findProviderFault", () => {
  it.each([
    ["a hosted kind with a secret", { kind: "groq", secret: "GROQ_API_KEY" }],
    ["a hosted kind with several secrets", { kind: "openai", secrets: ["A", "B"] }],
    ["a hosted kind at a proxy that needs no secret", { kind: "openai", base_url: "https://proxy.example/v1" }],
    ["a server of one's own without a secret", { kind: "vllm", base_url: "https://gpu.example/v1" }],
    ["a kind with its settings", { kind: "workers-ai", secret: "CF", settings: { account_id: account } }],
    ["Hugging Face without anything", { kind: "huggingface" }],
  ] as const)("finds none in %s", (_name, provider) => {
    expect(findProviderFault(provider as Parameters<typeof findProviderFault>[0])).toBeUndefined();
  });

  it.each([
    ["an address that cannot be assumed", { kind: "vllm" }, "base_url"],
    ["a secret that the vendor asks for", { kind: "mistral" }, "secret"],
    ["a needed setting", { kind: "workers-ai", secret: "CF" }, "settings.account_id"],
    [
      "a setting of the right form",
      { kind: "workers-ai", secret: "CF", settings: { account_id: "me" } },
      "settings.account_id",
    ],
    ["a setting that the kind knows", { kind: "groq", secret: "G", settings: { region: "eu" } }, "settings.region"],
    [
      "Hugging Face for an inference provider",
      { kind: "groq", secret: "G", inference_provider: "x" },
      "inference_provider",
    ],
  ] as const)("misses %s", (_name, provider, param) => {
    expect(findProviderFault(provider as Parameters<typeof findProviderFault>[0])?.param).toBe(param);
  });
});

describe("baseUrlOf", () => {
  it("fills settings into the kind's own address, and leaves a given one as it is", () => {
    expect(baseUrlOf({ kind: "workers-ai", settings: { account_id: account } })).toBe(
      `https://api.cloudflare.com/client/v4/accounts/${account}/ai/v1`,
    );
    expect(baseUrlOf({ kind: "groq", base_url: "https://proxy.example/v1/" })).toBe("https://proxy.example/v1");
    expect(baseUrlOf({ kind: "vllm" })).toBeUndefined();
  });

  it.each(providerKindSchema.options)("%s has an address of its own, asks for one, or finds one by itself", (kind) => {
    const row = providerKinds[kind];
    expect(row.baseUrl === "needed" ? row.defaultBaseUrl : undefined).toBeUndefined();
    for (const [, name] of (row.defaultBaseUrl ?? "").matchAll(/\{([a-z_]+)\}/g))
      expect(row.settings.find((setting) => setting.name === name)?.required).toBe(true);
  });
});

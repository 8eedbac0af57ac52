import { providerSchema } from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import type { ModelCall } from "../../exchange/model-call.ts";
import { withoutNativeFields } from "./without-native-fields.ts";

function callOf(text: string): ModelCall {
  const provider = providerSchema.parse({ name: "p", kind: "vllm", base_url: "https://gpu.example/v1" });
  const target = { provider, model: "m", tier: "local" } as const;
  const fields = JSON.parse(text) as ModelCall["fields"];
  return { surface: "chat", target, fields, text, stream: false, wantsUsage: false, choices: 1 };
}

describe("withoutNativeFields", () => {
  it("leaves a request that has none untouched, to the byte", () => {
    const call = callOf('{ "model":"m", "messages":[{"role":"user","content":"h\\u0069"}] }');
    expect(withoutNativeFields(call)).toBe(call);
  });

  it("takes out what is another provider's, and merges what is this one's", () => {
    const message = { role: "assistant", content: "a", provider_fields: { anthropic: { content: [] } } };
    const provider_options = { vllm: { top_k: 5, extra: { b: 2 } }, anthropic: { thinking: {} } };
    const request = {
      model: "m",
      extra: { a: 1 },
      messages: [message, { role: "user", content: "b" }],
      provider_options,
    };
    const { fields, text } = withoutNativeFields(callOf(JSON.stringify(request)));
    expect(fields).toEqual({
      model: "m",
      extra: { a: 1, b: 2 },
      top_k: 5,
      messages: [
        { role: "assistant", content: "a" },
        { role: "user", content: "b" },
      ],
    });
    expect(JSON.parse(text)).toEqual(fields);
  });
});

import { compileBundle, resolvePromptReference } from "@millrace/core/bundle";
import { promptContentSchema } from "@millrace/core/contract";
import { compilePrompt, renderCompiled } from "@millrace/core/prompt";
import type { BenchResult } from "../support/result.ts";
import { medianInterval, quantile } from "../support/statistics.ts";

/** A prompt with every part that rendering knows: the size of the demonstration's largest. */
const content = promptContentSchema.parse({
  system:
    "You are a support agent at {{company}}. Answer the customer's message.\nThe customer's name is {{customer_name}}.{{#order_number}}\nThe order number is {{order_number}}.{{/order_number}}",
  constraints: ["Use a friendly tone.", "Sign as Mia.", "Offer a 10% discount code SORRY10."],
  few_shot: [
    {
      messages: [
        { role: "user", content: "This is Sam. my tent arrived torn, order 8841" },
        {
          role: "assistant",
          content: "Hi Sam!\n\nOh no, sorry for the trouble! I will send you a replacement right away.\n\n— Mia",
        },
      ],
    },
  ],
  messages: [{ slot: "history", max_tokens: 400 }, { slot: "input" }],
  variables: {
    type: "object",
    properties: {
      company: { type: "string", default: "Northwind Outfitters" },
      customer_name: { type: "string" },
      order_number: { type: "string" },
    },
    required: ["customer_name"],
  },
  settings: { model: "millrace-support", temperature: 0, max_tokens: 160 },
});

const BATCHES = 200;
const PER_BATCH = 50;
const WARM_UP_BATCHES = 40;

/** From a reference in a bundle to the request that the model gets, its hash included. */
export function benchRender(): BenchResult {
  const compiled = compilePrompt(content);
  const bundle = compileBundle({
    project: { id: "prj_0", slug: "bench" },
    environment: { id: "env_0", name: "development" },
    keys: [],
    prompts: [{ id: "prm_0", name: "reply" }],
    versions: [{ id: "ver_0", promptId: "prm_0", version: 1, hash: compiled.hash, content, includes: {} }],
    labels: [{ promptId: "prm_0", label: "production", versionId: "ver_0", previousVersionId: null }],
    models: [],
    providers: [],
    prices: [],
    budgets: [],
    cachePurges: [],
  });
  const once = (order: number): void => {
    resolvePromptReference(bundle, "prompt:reply");
    renderCompiled(compiled, {
      call: {
        variables: { customer_name: "Ana", order_number: String(order) },
        history: [
          { role: "user", content: "hello" },
          { role: "assistant", content: "Hi! How can I help?" },
        ],
      },
      input: [{ role: "user", content: "my rain jacket arrived broken" }],
    });
  };
  const samples: number[] = [];
  for (let batch = -WARM_UP_BATCHES; batch < BATCHES; batch++) {
    const started = performance.now();
    for (let i = 0; i < PER_BATCH; i++) once(i);
    if (batch >= 0) samples.push((performance.now() - started) / PER_BATCH);
  }
  const interval = medianInterval(samples);
  const n = BATCHES * PER_BATCH;
  return {
    name: "resolve + render (per request, means of 50)",
    rows: [
      { what: "p50", value: quantile(samples, 0.5), unit: "ms", n, aim: "< 0.2", ...(interval ? { interval } : {}) },
      { what: "p99", value: quantile(samples, 0.99), unit: "ms", n },
    ],
  };
}

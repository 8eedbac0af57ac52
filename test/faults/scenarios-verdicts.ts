import type { Answer, Step } from "../fakes/upstream.ts";
import { inBothForms, type FaultTarget, type Scenario } from "./scenario.ts";
import { ANSWER, chunk, completion, events, failure, opening, PIECES, sound, stream, usageChunk } from "./wire.ts";

/** Long enough for a busy machine to answer, short enough to wait for. */
const SHORT_MS = 400;

const two: FaultTarget = { name: "two", answers: [sound("two")] };
const keys = { secrets: ["KEY_A", "KEY_B"] };
const badKey = failure(401, { code: "invalid_api_key" });
const spent = failure(429, {
  code: "insufficient_quota",
  type: "insufficient_quota",
  message: "You exceeded your current quota",
});
const tooLong = failure(400, { code: "context_length_exceeded", message: "maximum context length is 8" });

/** A pause that begins when the step is reached. */
function later(delayMs: number): Step {
  return { until: () => new Promise((resolve) => setTimeout(resolve, delayMs)) };
}

/** An answer that the provider's filter ended. */
const filtered: Answer = ({ json }) =>
  json["stream"] === true
    ? stream(events([chunk({ role: "assistant", content: "" }), chunk({}, "content_filter"), usageChunk(), "[DONE]"]))
    : {
        headers: { "content-type": "application/json" },
        steps: [{ write: JSON.stringify(completion("one", { role: "assistant", content: "" }, "content_filter")) }],
      };

/** Faults that are about a key, the request or a policy: who is asked next depends on whose fault it is. */
export const scenariosVerdicts: readonly Scenario[] = [
  ...inBothForms({
    fault: "invalid key, another one is valid",
    targets: () => [{ name: "one", provider: keys, answers: [badKey, sound()] }],
    expect: { outcome: "answered", by: "one", attempts: ["first one failed", "retry one ok"] },
  }),
  ...inBothForms({
    fault: "invalid key, no other",
    targets: () => [{ name: "one", answers: [badKey] }, two],
    expect: { outcome: "answered", by: "two", attempts: ["first one failed", "fallback two ok"] },
  }),
  ...inBothForms({
    fault: "quota exhausted",
    targets: () => [{ name: "one", answers: [spent] }, two],
    expect: { outcome: "answered", by: "two", attempts: ["first one failed", "fallback two ok"] },
  }),
  ...inBothForms({
    fault: "context-length error",
    targets: () => [
      { name: "one", contextTokens: 8000, answers: [tooLong] },
      { name: "two", contextTokens: 8000, answers: [sound("two")] },
      { name: "three", contextTokens: 32_000, answers: [sound("three")] },
    ],
    expect: { outcome: "answered", by: "three", attempts: ["first one failed", "fallback three ok"] },
  }),
  ...inBothForms({
    fault: "context-length error everywhere",
    targets: () => [
      { name: "one", contextTokens: 8000, answers: [tooLong] },
      { name: "two", contextTokens: 8000, answers: [sound("two")] },
    ],
    expect: { outcome: "refused", status: 400, code: "context-too-long", attempts: ["first one failed"] },
  }),
  ...inBothForms({
    fault: "content filter",
    targets: () => [{ name: "one", answers: [filtered] }, two],
    expect: { outcome: "answered", by: "one", text: "", finish: "content_filter", attempts: ["first one ok"] },
  }),
  ...inBothForms({
    fault: "content filter that refuses the request",
    targets: () => [{ name: "one", answers: [failure(400, { code: "content_filter" })] }, two],
    expect: { outcome: "refused", status: 400, code: "content-filtered", attempts: ["first one failed"] },
  }),
  ...inBothForms({
    fault: "content filter, the model allows a fallback",
    targets: () => [{ name: "one", answers: [filtered] }, two],
    resilience: { fallback_on_content_filter: true },
    expect: {
      outcome: "answered",
      by: "two",
      attempts: ["first one failed", "fallback two ok"],
      // The filter's own answer told its usage too.
      billed: { input: 22, output: 14 },
    },
  }),
  ...[400, 422].flatMap((status) =>
    inBothForms({
      fault: `caller's error ${status}`,
      targets: () => [{ name: "one", answers: [failure(status)] }, two],
      expect: { outcome: "refused", status: 400, code: "invalid-request", attempts: ["first one failed"] },
    }),
  ),
  ...inBothForms({
    fault: "fallback that rejects a prefilled assistant turn",
    targets: () => [
      { name: "one", prefill: true, answers: [failure(503, {}, { "retry-after": "3600" })] },
      { name: "two", prefill: true, answers: [failure(400, { message: "the last message must be the user's" })] },
    ],
    request: {
      messages: [
        { role: "user", content: "hi" },
        { role: "assistant", content: "He" },
      ],
    },
    expect: {
      outcome: "refused",
      status: 429,
      code: "upstream-overloaded",
      causes: ["upstream-overloaded", "invalid-request"],
      attempts: ["first one failed", "fallback two failed"],
    },
  }),
  {
    fault: "target that rejects the prefill of a resumed stream",
    stream: true,
    targets: ({ firstText }) => [
      { name: "one", answers: [stream([...opening(4), { until: firstText }, { fin: true }])] },
      { name: "two", prefill: true, answers: [failure(400, { message: "no prefill here" }), sound("two")] },
    ],
    expect: {
      outcome: "answered",
      by: "two",
      attempts: ["first one failed", "resume two failed", "resume two ok"],
    },
  },
  ...inBothForms({
    fault: "all targets fail",
    targets: () => [
      { name: "one", answers: [failure(500)] },
      { name: "two", answers: [failure(429, {}, { "retry-after": "60" })] },
      { name: "three", answers: [failure(503, {}, { "retry-after": "40" })] },
    ],
    resilience: { retries_per_target: 0 },
    expect: {
      outcome: "refused",
      status: 502,
      code: "upstream-failed",
      retryAfter: "40",
      causes: ["upstream-failed", "upstream-overloaded", "upstream-overloaded"],
      attempts: ["first one failed", "fallback two failed", "fallback three failed"],
    },
  }),
  {
    fault: "slow but living first token",
    stream: true,
    targets: () => [
      {
        name: "one",
        timeouts: { first_token_ms: SHORT_MS },
        answers: [
          stream([
            ...Array.from({ length: 5 }, () => [later(SHORT_MS / 2), { write: ": at work\n\n" }]).flat(),
            ...events([chunk({ role: "assistant", content: "" }), chunk({ content: ANSWER }), chunk({}, "stop")]),
            ...events([usageChunk(), "[DONE]"]),
          ]),
        ],
      },
      two,
    ],
    expect: { outcome: "answered", by: "one", attempts: ["first one ok"] },
  },
  ...inBothForms({
    fault: "slow target, hedged",
    targets: () => [{ name: "one", answers: [{ silent: true }] }, two],
    resilience: { hedge: { after_ms: 50 } },
    expect: { outcome: "answered", by: "two", attempts: ["first one cancelled", "hedge two ok"] },
  }),
  {
    fault: "slow target, whose hedge nobody can price under its cap",
    stream: false,
    targets: () => [{ name: "one", answers: [{ silent: true }], timeouts: { headers_ms: SHORT_MS } }, two],
    resilience: { hedge: { after_ms: 50, max_cost_usd_micros: 10 } },
    expect: { outcome: "answered", by: "two", attempts: ["first one failed", "fallback two ok"], inDoubt: 1 },
  },
  {
    fault: "slow target whose first text wins the race",
    stream: true,
    targets: () => [
      {
        name: "one",
        answers: [stream([...events([chunk({ content: PIECES[0] })]), { hang: true }])],
        timeouts: { gap_ms: SHORT_MS },
      },
      two,
    ],
    resilience: { hedge: { after_ms: 5000 }, recovery: "fail" },
    expect: { outcome: "broken", code: "upstream-timeout", text: PIECES[0], attempts: ["first one failed"] },
  },
];

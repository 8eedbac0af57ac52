import type { Script, Step } from "../fakes/upstream.ts";
import type { Expectation, FaultTarget, Scenario, World } from "./scenario.ts";
import {
  ANSWER,
  chunk,
  CONTINUED_USAGE,
  continuing,
  events,
  opening,
  payloads,
  PIECES,
  sound,
  stream,
  anthropicOpening,
} from "./wire.ts";

const SHORT_MS = 400;
const two: FaultTarget = { name: "two", answers: [sound("two")] };
const continues: FaultTarget = { name: "two", prefill: true, answers: [continuing("two")] };
/** Pieces that the caller has when a stream breaks, unless the scenario says otherwise. */
const DELIVERED = 4;
const delivered = PIECES.slice(0, DELIVERED).join("");
const resumed: Expectation = { outcome: "answered", by: "two", attempts: ["first one failed", "resume two ok"] };

/** A stream that breaks in this way once the caller has its first text. */
const broken =
  (end: readonly Step[], rest: readonly FaultTarget[] = [two], one: Partial<FaultTarget> = {}) =>
  ({ firstText }: World): readonly FaultTarget[] => [
    { name: "one", answers: [stream([...opening(DELIVERED), { until: firstText }, ...end])], ...one },
    ...rest,
  ];

const otherStory: Script = stream(events(payloads("two", ["Once ", "upon a time"])));
const nextEvent = Buffer.from(`data: ${JSON.stringify(chunk({ content: PIECES[4] + PIECES[5] }))}\n\n`);
/** In the middle of a character of four bytes. */
const insideCharacter = nextEvent.indexOf(0xf0) + 2;

const waysToBreak: readonly {
  readonly fault: string;
  readonly end: readonly Step[];
  readonly one?: Partial<FaultTarget>;
}[] = [
  { fault: "stream stalls", end: [{ hang: true }], one: { timeouts: { gap_ms: SHORT_MS } } },
  { fault: "stream cut by FIN", end: [{ fin: true }] },
  { fault: "stream cut by RST", end: [{ reset: true }] },
  { fault: "stream ends without a finish reason", end: events(["[DONE]"]) },
  {
    fault: "stream cut inside a UTF-8 sequence",
    end: [{ write: nextEvent.subarray(0, insideCharacter) }, { fin: true }],
  },
  { fault: "stream cut inside a JSON event", end: [{ write: nextEvent.subarray(0, 60) }, { fin: true }] },
  { fault: "error object inside a 200 stream, later", end: events([{ error: { message: "no more", code: 500 } }]) },
  { fault: "event that is not JSON", end: events(["{oops"]) },
  { fault: "oversized event", end: [{ write: `data: "${"x".repeat(6 * 1024 * 1024)}` }, { hang: true }] },
  { fault: "HTML in mid-stream", end: events(["<html>Bad gateway</html>"]) },
];

const tools = [{ type: "function", function: { name: "f", parameters: {} } }];
const toolCall = chunk({
  tool_calls: [{ index: 0, id: "c", type: "function", function: { name: "f", arguments: '{"a"' } }],
});

/** Faults after the caller has text: the same answer goes on, or says that it does not. */
export const scenariosMidStream: readonly Scenario[] = [
  ...waysToBreak.map(({ fault, end, one }): Scenario => ({
    fault: `${fault}, told again`,
    stream: true,
    targets: broken(end, [two], one),
    expect: resumed,
  })),
  ...waysToBreak.map(({ fault, end, one }): Scenario => ({
    fault: `${fault}, continued`,
    stream: true,
    targets: broken(end, [continues], one),
    expect: { ...resumed, billed: { input: CONTINUED_USAGE.prompt_tokens, output: CONTINUED_USAGE.completion_tokens } },
  })),
  {
    fault: "Anthropic's stream breaks, told again",
    stream: true,
    targets: ({ firstText }) => [
      {
        name: "one",
        provider: { kind: "anthropic", secrets: ["KEY_A"] },
        answers: [stream([...anthropicOpening(DELIVERED), { until: firstText }, { fin: true }])],
      },
      two,
    ],
    expect: resumed,
  },
  {
    fault: "stream breaks twice",
    stream: true,
    targets: ({ firstText }) => [
      { name: "one", answers: [stream([...opening(2), { until: firstText }, { fin: true }])] },
      { name: "two", answers: [stream([...opening(5, "two"), { until: firstText }, { fin: true }])] },
      { name: "three", answers: [sound("three")] },
    ],
    expect: {
      outcome: "answered",
      by: "three",
      attempts: ["first one failed", "resume two failed", "resume three ok"],
    },
  },
  {
    fault: "stream breaks, its only target recovers",
    stream: true,
    targets: ({ firstText }) => [
      { name: "one", answers: [stream([...opening(DELIVERED), { until: firstText }, { reset: true }]), sound()] },
    ],
    expect: { outcome: "answered", by: "one", attempts: ["first one failed", "resume one ok"] },
  },
  {
    fault: "stream breaks within the window held back, another text follows",
    stream: true,
    targets: () => [
      { name: "one", answers: [stream([...events(payloads("one", ["Hello ", "wor"]).slice(0, 3)), { fin: true }])] },
      { name: "two", answers: [stream(events(payloads("two", ["Hello there"])))] },
    ],
    resilience: { hold_back_chars: 3 },
    expect: { outcome: "answered", by: "two", text: "Hello there", attempts: ["first one failed", "resume two ok"] },
  },
  {
    fault: "stream breaks with words held back, and nobody can go on",
    stream: true,
    targets: () => [
      { name: "one", answers: [stream([...events(payloads("one", ["Hello ", "wor"]).slice(0, 3)), { fin: true }])] },
    ],
    resilience: { recovery: "fail", hold_back_chars: 400 },
    expect: { outcome: "broken", code: "upstream-truncated", text: "Hello wor", attempts: ["first one failed"] },
  },
  {
    fault: "stream breaks, the other telling differs",
    stream: true,
    targets: broken([{ fin: true }], [{ name: "two", answers: [otherStory] }], {}),
    resilience: { max_attempts: 2 },
    expect: {
      outcome: "broken",
      code: "upstream-truncated",
      text: delivered,
      attempts: ["first one failed", "resume two failed"],
    },
  },
  {
    fault: "stream breaks, the model forbids recovery",
    stream: true,
    targets: broken([{ fin: true }]),
    resilience: { recovery: "fail" },
    expect: { outcome: "broken", code: "upstream-truncated", text: delivered, attempts: ["first one failed"] },
  },
  {
    fault: "stream breaks with tool calls under way",
    stream: true,
    targets: broken([...events([toolCall]), { fin: true }]),
    request: { tools },
    expect: { outcome: "broken", code: "upstream-truncated", text: delivered, attempts: ["first one failed"] },
  },
  {
    fault: "malformed tool arguments",
    stream: true,
    targets: broken(events([toolCall, chunk({}, "tool_calls"), "[DONE]"])),
    request: { tools },
    expect: { outcome: "broken", code: "upstream-garbage", text: delivered, attempts: ["first one failed"] },
  },
  {
    fault: "stream of several choices breaks",
    stream: true,
    targets: broken([{ fin: true }]),
    request: { n: 2 },
    expect: { outcome: "broken", code: "upstream-truncated", text: delivered, attempts: ["first one failed"] },
  },
  {
    fault: "stream with log probabilities breaks",
    stream: true,
    targets: broken([{ fin: true }]),
    request: { logprobs: true },
    expect: { outcome: "broken", code: "upstream-truncated", text: delivered, attempts: ["first one failed"] },
  },
  {
    fault: "stream of structured output breaks, told again",
    stream: true,
    targets: broken([{ fin: true }], [{ ...two, prefill: true }]),
    request: { response_format: { type: "json_object" } },
    expect: resumed,
  },
  {
    fault: "stream breaks behind its finish reason",
    stream: true,
    targets: () => [{ name: "one", answers: [stream([...events(payloads().slice(0, -2)), { reset: true }])] }, two],
    expect: {
      outcome: "answered",
      by: "one",
      text: ANSWER,
      attempts: ["first one ok"],
      billed: { input: 0, output: 0 },
    },
  },
  {
    fault: "stream breaks after the whole text, before its finish reason",
    stream: true,
    targets: ({ firstText }) => [
      { name: "one", answers: [stream([...opening(PIECES.length), { until: firstText }, { fin: true }])] },
      two,
    ],
    expect: resumed,
  },
];

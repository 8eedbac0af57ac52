import type { Answer, Script } from "../fakes/upstream.ts";
import { inBothForms, type FaultTarget, type Scenario, type World } from "./scenario.ts";
import { chunk, completion, events, failure, payloads, PIECES, sound, stream } from "./wire.ts";

/** Long enough for a busy machine to answer, short enough to wait for. */
const SHORT_MS = 400;

const two: FaultTarget = { name: "two", answers: [sound("two")] };
const fellOver = { outcome: "answered", by: "two", attempts: ["first one failed", "fallback two ok"] } as const;
const retriedThenFellOver = {
  ...fellOver,
  attempts: ["first one failed", "retry one failed", "fallback two ok"],
} as const;
const secondTry = { outcome: "answered", by: "one", attempts: ["first one failed", "retry one ok"] } as const;

/** A first target with a fault, and a sound one behind it. */
const withFallback = (one: Omit<FaultTarget, "name">) => (): readonly FaultTarget[] => [{ name: "one", ...one }, two];
const alone = (answers: readonly Answer[]) => (): readonly FaultTarget[] => [{ name: "one", answers }];

const html: Script = { headers: { "content-type": "text/html" }, steps: [{ write: "<html>Welcome</html>" }] };
const wholeText = JSON.stringify(completion());
const jsonHeaders = { "content-type": "application/json" };

/** Faults before anything of an answer was delivered: another try, or another target. */
export const scenariosBefore: readonly Scenario[] = [
  ...inBothForms({
    fault: "429 with retry-after",
    targets: alone([failure(429, {}, { "retry-after": "1" }), sound()]),
    expect: secondTry,
  }),
  ...inBothForms({
    fault: "429 with a retry-after that is too long",
    targets: withFallback({ answers: [failure(429, {}, { "retry-after": "3600" })] }),
    expect: fellOver,
  }),
  ...inBothForms({
    fault: "429 without retry-after",
    targets: alone([failure(429), sound()]),
    expect: secondTry,
  }),
  ...[500, 502, 503, 529].flatMap((status) =>
    inBothForms({
      fault: `${status}`,
      targets: withFallback({ answers: [failure(status)] }),
      expect: retriedThenFellOver,
    }),
  ),
  ...inBothForms({
    fault: "refused connection",
    targets: withFallback({ url: "http://127.0.0.1:9/v1" }),
    // The runtime has one word for a connection that was refused and for one that broke under the request.
    expect: { ...retriedThenFellOver, inDoubt: 2 },
  }),
  ...inBothForms({
    fault: "DNS failure",
    targets: withFallback({ url: "http://no-such-host.invalid/v1", timeouts: { headers_ms: 5000 } }),
    resilience: { retries_per_target: 0 },
    expect: fellOver,
  }),
  ...inBothForms({
    fault: "TLS failure",
    targets: ({ origin }: World) => [{ name: "one", url: `${origin.replace("http:", "https:")}/v1` }, two],
    expect: retriedThenFellOver,
  }),
  ...inBothForms({
    fault: "headers never come",
    targets: withFallback({ answers: [{ silent: true }], timeouts: { headers_ms: SHORT_MS } }),
    expect: { ...fellOver, inDoubt: 1 },
  }),
  ...inBothForms({
    fault: "first token never comes",
    targets: withFallback({
      answers: [
        ({ json }) =>
          json["stream"] === true
            ? stream([...events(payloads().slice(0, 1)), { hang: true }])
            : { headers: jsonHeaders, steps: [{ hang: true }] },
      ],
      timeouts: { first_token_ms: SHORT_MS },
    }),
    expect: { ...fellOver, inDoubt: 1 },
  }),
  {
    fault: "error object inside a 200 stream, first",
    stream: true,
    targets: withFallback({ answers: [stream(events([{ error: { message: "no", code: 500 } }]))] }),
    expect: retriedThenFellOver,
  },
  {
    fault: "error object with 200",
    stream: false,
    targets: withFallback({ answers: [{ headers: jsonHeaders, steps: [{ write: '{"error":{"message":"no"}}' }] }] }),
    expect: retriedThenFellOver,
  },
  ...inBothForms({
    fault: "HTML instead of JSON",
    targets: withFallback({ answers: [html] }),
    expect: retriedThenFellOver,
  }),
  ...inBothForms({
    fault: "empty choices",
    targets: withFallback({
      answers: [
        ({ json }) =>
          json["stream"] === true
            ? stream(events([{ ...chunk({}), choices: [] }, "[DONE]"]))
            : {
                headers: jsonHeaders,
                steps: [{ write: JSON.stringify({ ...completion(), choices: [], usage: undefined }) }],
              },
      ],
    }),
    expect: retriedThenFellOver,
    // A whole answer without choices is refused for what it is; a stream that ends without any has been cut.
  }).map((scenario) => (scenario.stream ? { ...scenario, expect: { ...retriedThenFellOver, inDoubt: 2 } } : scenario)),
  ...[{ fin: true as const }, { reset: true as const }].map((end): Scenario => ({
    fault: `answer cut by ${"fin" in end ? "FIN" : "RST"}`,
    stream: false,
    targets: withFallback({
      answers: [{ headers: { ...jsonHeaders, "content-length": "9999" }, steps: [{ write: wholeText }, end] }],
    }),
    expect: { ...retriedThenFellOver, inDoubt: 2 },
  })),
  {
    fault: "wrong content-length, too short",
    stream: false,
    targets: withFallback({
      answers: [{ headers: { ...jsonHeaders, "content-length": "40" }, steps: [{ write: wholeText }] }],
    }),
    expect: retriedThenFellOver,
  },
  {
    fault: "wrong content-length, too short",
    stream: true,
    targets: withFallback({ answers: [stream(events(payloads()), { "content-length": "30" })] }),
    expect: retriedThenFellOver,
  },
  {
    fault: "malformed tool arguments",
    stream: false,
    targets: withFallback({
      answers: [
        {
          headers: jsonHeaders,
          steps: [
            {
              write: JSON.stringify(
                completion(
                  "one",
                  {
                    role: "assistant",
                    content: null,
                    tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: '{"a":' } }],
                  },
                  "tool_calls",
                ),
              ),
            },
          ],
        },
      ],
    }),
    // Arguments that are not JSON were made, and billed, all the same.
    expect: { ...retriedThenFellOver, billed: { input: 33, output: 21 } },
  },
  {
    fault: "oversized event, first",
    stream: true,
    targets: withFallback({ answers: [stream([{ write: `data: "${"x".repeat(6 * 1024 * 1024)}` }, { hang: true }])] }),
    resilience: { retries_per_target: 0 },
    expect: fellOver,
  },
  ...inBothForms({
    fault: "success only on the third try",
    targets: alone([failure(500), failure(502), sound()]),
    resilience: { retries_per_target: 2 },
    expect: {
      outcome: "answered",
      by: "one",
      attempts: ["first one failed", "retry one failed", "retry one ok"],
    },
  }),
  ...inBothForms({
    fault: "slow drip",
    targets: () => [
      {
        name: "one",
        answers: [
          ({ json }) => {
            const steps = json["stream"] === true ? events(payloads()) : [{ write: wholeText }];
            const bytes = Buffer.concat(steps.map((step) => Buffer.from("write" in step ? step.write : "")));
            const drops = [...bytes].map((byte) => ({ write: Uint8Array.of(byte) }));
            return {
              headers: { "content-type": json["stream"] === true ? "text/event-stream" : "application/json" },
              steps: drops,
            };
          },
        ],
      },
      two,
    ],
    expect: { outcome: "answered", by: "one", attempts: ["first one ok"] },
  }),
  {
    fault: "slow drip that never completes an event",
    stream: true,
    targets: withFallback({
      answers: [stream([{ write: "data: {" }, { write: '"id"' }, { hang: true }])],
      timeouts: { first_token_ms: SHORT_MS },
    }),
    expect: { ...fellOver, inDoubt: 1 },
  },
  {
    fault: "missing [DONE]",
    stream: true,
    targets: alone([stream(events(payloads().slice(0, -1)))]),
    expect: { outcome: "answered", by: "one", attempts: ["first one ok"] },
  },
  {
    fault: "missing [DONE], on a connection that stays open",
    stream: true,
    targets: alone([stream([...events(payloads().slice(0, -1)), { hang: true }])]),
    expect: { outcome: "answered", by: "one", attempts: ["first one ok"] },
  },
  {
    fault: "duplicated events",
    stream: true,
    targets: alone([
      stream([
        ...payloads().map((payload, index) => ({
          write: `id: ${index}\ndata: ${typeof payload === "string" ? payload : JSON.stringify(payload)}\n\n`.repeat(2),
        })),
        ...events([chunk({ content: "late" }), chunk({}, "stop"), "[DONE]"]),
      ]),
    ]),
    expect: { outcome: "answered", by: "one", attempts: ["first one ok"] },
  },
  {
    fault: "unknown events",
    stream: true,
    targets: alone([
      stream([
        { write: ": keep-alive\n\nevent: ping\ndata: {}\n\n" },
        ...events(payloads().slice(0, 2)),
        { write: `event: vendor.note\ndata: ${JSON.stringify({ ...chunk({}), choices: [], x_note: 1 })}\n\n` },
        ...events([{ ...chunk({ content: PIECES[1], x_new: { a: 1 } }), x_top: 2 }, ...payloads().slice(3)]),
      ]),
    ]),
    expect: { outcome: "answered", by: "one", attempts: ["first one ok"] },
    check: (told) => {
      const at = (part: string): number => told.findIndex((event) => event.includes(part));
      const order = [at(`"${PIECES[0]}"`), at("x_note"), at("x_new"), at(`"${PIECES[2]}"`)];
      if (order.includes(-1)) return "an unknown event or field was dropped";
      return order.every((place, index) => index === 0 || place > (order[index - 1] ?? 0)) ? undefined : "reordered";
    },
  },
];

import type { ErrorCode, Provider, ProviderKind } from "@millrace/core/contract";
import { expect } from "vitest";
import {
  type CaseFixture,
  type ConformanceCase,
  type FaultFixture,
  fixtureText,
  fixtureUsage,
  type ProviderFixture,
  sseEvent,
  type Unsupported,
} from "./provider-fixture.ts";
import type { SentRequest, ServiceAnswer } from "./scripted-service.ts";

type Json = Record<string, unknown>;

/** How the services of OpenAI's kin differ in what they send. */
export interface OpenAiShape {
  readonly kind: ProviderKind;
  readonly model: string;
  readonly provider?: Partial<Provider>;
  /** Where a chat must go. */
  readonly url: string;
  readonly secret?: string;
  /** The header that carries the secret; absent = `authorization`. */
  readonly secretHeader?: string;
  /** Where a stream counts: in a chunk of its own, beside the finish reason, or in Groq's field. */
  readonly counts?: "own-chunk" | "last-choice" | "x_groq";
  /** Whatever the service sends before the first chunk of an answer. */
  readonly preamble?: readonly string[];
  /** Fields of every chunk and answer. */
  readonly head?: Json;
  /** Fields of every choice. */
  readonly choice?: Json;
  /** What the service calls the end of an answer at its own will. */
  readonly stopReason?: string;
  readonly unsupported?: Partial<Record<ConformanceCase, string>>;
  /** What the request of a case must have become. */
  readonly sent?: Partial<Record<ConformanceCase, (body: Json) => void>>;
  readonly faults: {
    readonly "rate-limit": FaultFixture;
    readonly overloaded: FaultFixture;
    readonly context: FaultFixture;
    readonly auth: FaultFixture;
  };
  readonly streamError?: { readonly event: string; readonly code: ErrorCode };
  readonly unknownEvent?: string;
  readonly refuses?: Readonly<Record<string, unknown>>;
}

/** An answer that is no success, as its service words it. */
export function failure(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): ServiceAnswer {
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    chunks: [typeof body === "string" ? body : JSON.stringify(body)],
  };
}

/** `{error: {message, type, param, code}}`, as OpenAI has it. */
export function openAiError(message: string, code: string | null, type = "invalid_request_error"): object {
  return { error: { message, type, param: null, code } };
}

const toolCall = (index: number, city: string): Json => ({
  index,
  id: `call_${city}_${index}`,
  type: "function",
  function: { name: "get_weather", arguments: JSON.stringify({ city }) },
});

function halves(text: string): [string, string] {
  const characters = Array.from(text);
  const half = Math.ceil(characters.length / 2);
  return [characters.slice(0, half).join(""), characters.slice(half).join("")];
}

function deltasOf(message: Json): Json[] {
  const calls = (message["tool_calls"] ?? []) as (Json & { readonly function: { readonly arguments: string } })[];
  if (typeof message["content"] === "string") return halves(message["content"]).map((content) => ({ content }));
  return calls.flatMap((call) => {
    const [first, second] = halves(call.function.arguments);
    return [
      { tool_calls: [{ ...call, function: { ...call.function, arguments: first } }] },
      { tool_calls: [{ index: call["index"], function: { arguments: second } }] },
    ];
  });
}

function caseOf(shape: OpenAiShape, message: Json, finish: string): CaseFixture {
  const head = { id: "chatcmpl-9f2c", created: 1_763_800_000, model: shape.model, ...shape.head };
  const counts = shape.counts ?? "own-chunk";
  const chunk = (delta: Json, finish_reason: string | null, more: Json = {}): string =>
    sseEvent({
      ...head,
      object: "chat.completion.chunk",
      choices: [{ index: 0, delta, finish_reason, ...shape.choice }],
      ...more,
    });
  const beside: Readonly<Record<string, Json>> = {
    "own-chunk": {},
    "last-choice": { usage: fixtureUsage },
    x_groq: { x_groq: { id: "req_01", usage: { ...fixtureUsage, total_time: 0.02 } } },
  };
  const stream = [
    ...(shape.preamble ?? []),
    chunk({ role: "assistant", content: "" }, null),
    ...deltasOf(message).map((delta) => chunk(delta, null)),
    chunk({}, finish, beside[counts]),
    ...(counts === "own-chunk"
      ? [sseEvent({ ...head, object: "chat.completion.chunk", choices: [], usage: fixtureUsage })]
      : []),
    "data: [DONE]\n\n",
  ];
  const calls = message["tool_calls"] as Json[] | undefined;
  const whole = {
    ...head,
    object: "chat.completion",
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: null,
          ...message,
          ...(calls === undefined ? {} : { tool_calls: calls.map(({ index: _index, ...call }) => call) }),
        },
        finish_reason: finish,
        ...shape.choice,
      },
    ],
    usage: fixtureUsage,
  };
  return { whole, stream };
}

/** The fixture of a kind that speaks OpenAI's format: one conversation for all, told in each service's way. */
export function openAiShape(shape: OpenAiShape): ProviderFixture {
  const secret = shape.secret ?? "key-0123456789abcdef";
  const stop = shape.stopReason ?? "stop";
  const say = (content: string, finish = stop): CaseFixture => caseOf(shape, { content }, finish);
  const call = (...cities: readonly string[]): CaseFixture =>
    caseOf(shape, { tool_calls: cities.map((city, index) => toolCall(index, city)) }, "tool_calls");
  const answers: Readonly<Record<ConformanceCase, CaseFixture>> = {
    text: say(fixtureText),
    tools: call("Paris"),
    "parallel-tools": call("Paris", "Oslo"),
    "tool-results": say("Paris is warmer."),
    images: say("A red pixel."),
    "json-schema": say('{"name":"Ada","age":36}'),
    stop: say("one two "),
    "max-tokens": say("one two", "length"),
  };
  const check = (name: ConformanceCase, { url, headers, body }: SentRequest): void => {
    expect(url).toBe(shape.url);
    const header = shape.secretHeader ?? "authorization";
    expect(headers.get(header)).toBe(header === "authorization" ? `Bearer ${secret}` : secret);
    shape.sent?.[name]?.(body);
  };
  const cases = Object.entries(answers).map(([name, answer]): [string, CaseFixture | Unsupported] => {
    const unsupported = shape.unsupported?.[name as ConformanceCase];
    if (unsupported !== undefined) return [name, { unsupported }];
    return [name, { ...answer, sent: (request) => check(name as ConformanceCase, request) }];
  });
  return {
    kind: shape.kind,
    model: shape.model,
    ...(shape.provider === undefined ? {} : { provider: shape.provider }),
    secret,
    streamType: "text/event-stream; charset=utf-8",
    cases: Object.fromEntries(cases) as ProviderFixture["cases"],
    faults: shape.faults,
    streamError: {
      after: 2 + (shape.preamble?.length ?? 0),
      event: shape.streamError?.event ?? sseEvent({ error: { message: "The server had an error.", code: 500 } }),
      code: shape.streamError?.code ?? "upstream-failed",
    },
    unknownEvent: shape.unknownEvent ?? sseEvent({ type: "ping" }, "ping"),
    // Usage where it has a chunk of its own, and [DONE].
    dispensableEvents: (shape.counts ?? "own-chunk") === "own-chunk" ? 2 : 1,
    refuses: shape.refuses ?? {},
  };
}

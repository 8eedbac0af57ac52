import type { Script, Step } from "../fakes/upstream.ts";

/** The answer that every sound target gives: characters of one to four bytes, and one of several code points. */
export const PIECES = ["Gr", "üße ", "from ", "the 😀", " mill", " – 👩‍👩‍👧", " once."] as const;
export const ANSWER = PIECES.join("");

/** What each sound target counts for it. */
export const USAGE = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 } as const;

/** An event of a stream, in OpenAI's form. */
export function chunk(delta: object, finish: string | null = null, by = "one"): object {
  return {
    id: `chatcmpl-${by}`,
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model: `model-${by}`,
    choices: [{ index: 0, delta, finish_reason: finish }],
  };
}

export function usageChunk(by = "one", usage: object = USAGE): object {
  return { ...chunk({}, null, by), choices: [], usage };
}

/** Server-sent events, each in a write of its own. */
export function events(data: readonly (object | string)[]): Step[] {
  return data.map((payload) => ({
    write: `data: ${typeof payload === "string" ? payload : JSON.stringify(payload)}\n\n`,
  }));
}

/** The payloads of a sound stream. */
export function payloads(by = "one", pieces: readonly string[] = PIECES): (object | string)[] {
  return [
    chunk({ role: "assistant", content: "" }, null, by),
    ...pieces.map((content) => chunk({ content }, null, by)),
    chunk({}, "stop", by),
    usageChunk(by),
    "[DONE]",
  ];
}

export function stream(steps: readonly Step[], headers: Readonly<Record<string, string>> = {}): Script {
  return { headers: { "content-type": "text/event-stream", ...headers }, steps };
}

/** The beginning of a stream: its role and so many pieces. */
export function opening(count: number, by = "one"): Step[] {
  return events(payloads(by).slice(0, 1 + count));
}

export function completion(
  by = "one",
  message: object = { role: "assistant", content: ANSWER },
  finish = "stop",
): object {
  return {
    id: `chatcmpl-${by}`,
    object: "chat.completion",
    created: 1_700_000_000,
    model: `model-${by}`,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finish }],
    usage: USAGE,
  };
}

/** A sound answer, in the form that the request asks for. */
export function sound(by = "one"): (request: { readonly json: Record<string, unknown> }) => Script {
  return (request) =>
    request.json["stream"] === true
      ? stream(events(payloads(by)))
      : { headers: { "content-type": "application/json" }, steps: [{ write: JSON.stringify(completion(by)) }] };
}

/** What a target counts that got the first four pieces as a prefill: they are input to it. */
export const CONTINUED_USAGE = { prompt_tokens: 16, completion_tokens: 2, total_tokens: 18 } as const;

/** The rest of the answer, as a target tells it that got the beginning as a prefill: one that did not get it tells another story. */
export function continuing(by: string): (request: { readonly json: Record<string, unknown> }) => Script {
  return (request) => {
    const messages = request.json["messages"] as readonly { role: string; content: string }[];
    const last = messages.at(-1);
    const prefill = last?.role === "assistant" ? last.content : "";
    const rest = ANSWER.startsWith(prefill) ? ANSWER.slice(prefill.length) : "no such beginning";
    const told = payloads(by, [rest.slice(0, 5), rest.slice(5)]).slice(0, -2);
    return stream(events([...told, usageChunk(by, CONTINUED_USAGE), "[DONE]"]));
  };
}

/** The beginning of an answer in Anthropic's own words. */
export function anthropicOpening(count: number): Step[] {
  return [
    {
      type: "message_start",
      message: {
        id: "msg_1",
        type: "message",
        role: "assistant",
        model: "model-one",
        content: [],
        usage: { input_tokens: 11, output_tokens: 1 },
      },
    },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "ping" },
    ...PIECES.slice(0, count).map((text) => ({
      type: "content_block_delta",
      index: 0,
      delta: { type: "text_delta", text },
    })),
  ].map((event) => ({ write: `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n` }));
}

/** An error answer in OpenAI's form. */
export function failure(status: number, error: object = {}, headers: Readonly<Record<string, string>> = {}): Script {
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    steps: [{ write: JSON.stringify({ error: { message: `scripted ${status}`, ...error } }) }],
  };
}

import type { ModelCall } from "../../edge/gateway/exchange/model-call.ts";
import type { CallDeps, WaitPhase } from "../../edge/gateway/providers/provider.ts";

/** What a provider's service answers: each chunk is one network read. */
export interface ServiceAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly chunks: readonly (string | Uint8Array)[];
  /** The connection breaks behind the last chunk, instead of ending. */
  readonly breaks?: boolean;
}

/** A request as it left the adapter. */
export interface SentRequest {
  readonly url: string;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

export interface Service {
  readonly deps: CallDeps;
  readonly sent: SentRequest[];
  readonly phases: WaitPhase[];
}

const encoder = new TextEncoder();

export function bytesOf(chunk: string | Uint8Array): Uint8Array {
  return typeof chunk === "string" ? encoder.encode(chunk) : chunk;
}

function responseOf(answer: ServiceAnswer): Response {
  const chunks = answer.chunks.map(bytesOf);
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk !== undefined) controller.enqueue(chunk);
      else if (answer.breaks === true) controller.error(new Error("connection reset"));
      else controller.close();
    },
  });
  return new Response(body, { status: answer.status ?? 200, headers: { ...answer.headers } });
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** A provider's service that answers as scripted and remembers what it was asked. */
export function scriptedService(
  answer: ServiceAnswer,
  options: {
    readonly secret?: string | undefined;
    /** Answers requests that are not the call itself, such as one for a token. */
    readonly aside?: ((request: SentRequest) => ServiceAnswer | undefined) | undefined;
  } = {},
): Service {
  const sent: SentRequest[] = [];
  const phases: WaitPhase[] = [];
  const fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const text = await request.text();
    const seen = { url: request.url, headers: request.headers, text, body: parsed(text) };
    const aside = options.aside?.(seen);
    if (aside !== undefined) return responseOf(aside);
    sent.push(seen);
    return responseOf(answer);
  };
  const deps: CallDeps = {
    fetch: fetch as typeof globalThis.fetch,
    secret: options.secret,
    awaiting: (phase) => phases.push(phase),
  };
  return { deps, sent, phases };
}

/** A chat request as the pipeline hands it to an adapter. */
export function chatCall(
  target: ModelCall["target"],
  fields: Readonly<Record<string, unknown>>,
  options: { readonly stream?: boolean; readonly wantsUsage?: boolean } = {},
): ModelCall {
  const stream = options.stream ?? false;
  const whole = { model: target.model, ...fields, ...(stream ? { stream } : {}) } as ModelCall["fields"];
  return {
    surface: "chat",
    target,
    fields: whole,
    text: JSON.stringify(whole),
    stream,
    wantsUsage: options.wantsUsage ?? true,
    choices: 1,
  };
}

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What happens to one exchange; the test draws it, the request carries it. */
export const fates = ["whole", "stream", "retried", "left-early", "left-in-stream", "broken-in-stream"] as const;
export type Fate = (typeof fates)[number];

export interface Order {
  readonly id: string;
  readonly fate: Fate;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface CountingUpstream {
  readonly origin: string;
  /** Tokens that it has reported for an exchange, all its calls together: what a provider would bill. */
  billed(id: string): number;
  /** Calls of an exchange. */
  calls(id: string): number;
  /** Resolves once it has said all that it will say to a caller who leaves. */
  spoken(id: string): Promise<void>;
  close(): Promise<void>;
}

interface Ledgered {
  billed: number;
  calls: number;
  readonly spoken: PromiseWithResolvers<void>;
}

async function orderOf(request: IncomingMessage): Promise<{ order: Order; stream: boolean }> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const body = JSON.parse(Buffer.concat(parts).toString("utf8")) as {
    stream?: boolean;
    messages: readonly { content: string }[];
  };
  return { order: JSON.parse(body.messages[0]?.content ?? "") as Order, stream: body.stream === true };
}

const usageOf = ({ inputTokens }: Order, outputTokens: number) => ({
  prompt_tokens: inputTokens,
  completion_tokens: outputTokens,
  total_tokens: inputTokens + outputTokens,
});

/** One chunk of a stream that says its usage as it goes, as vLLM does with `continuous_usage_stats`. */
function chunk(order: Order, fields: { text?: string; finish?: string; output: number }): string {
  const delta = fields.text === undefined ? {} : { content: fields.text };
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: fields.finish ?? null }];
  const event = { id: order.id, object: "chat.completion.chunk", created: 1, model: "m", choices };
  return `data: ${JSON.stringify({ ...event, usage: usageOf(order, fields.output) })}\n\n`;
}

function answerWhole(response: ServerResponse, order: Order, seen: Ledgered): void {
  seen.billed += order.inputTokens + order.outputTokens;
  const message = { role: "assistant", content: "done", refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: "stop" }];
  response.writeHead(200, { "content-type": "application/json" });
  response.end(
    JSON.stringify({
      id: order.id,
      object: "chat.completion",
      created: 1,
      model: "m",
      choices,
      usage: usageOf(order, order.outputTokens),
    }),
  );
}

function answerStream(response: ServerResponse, order: Order, seen: Ledgered): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const part = Math.max(1, Math.floor(order.outputTokens / 2));
  const breaks = order.fate === "broken-in-stream" && seen.calls === 1;
  if (order.fate === "left-in-stream" || breaks) {
    seen.billed += order.inputTokens + part;
    response.write(chunk(order, { text: "one ", output: part }), () => {
      seen.spoken.resolve();
      if (breaks) setTimeout(() => response.destroy(), 5);
    });
    return;
  }
  seen.billed += order.inputTokens + order.outputTokens;
  response.write(chunk(order, { text: "one ", output: part }));
  response.write(chunk(order, { text: "two", output: order.outputTokens }));
  response.write(chunk(order, { finish: "stop", output: order.outputTokens }));
  response.end("data: [DONE]\n\n");
}

/** A provider that does what each request says, and keeps its own books. */
export async function startCountingUpstream(): Promise<CountingUpstream> {
  const books = new Map<string, Ledgered>();
  const bookOf = (id: string): Ledgered => {
    let seen = books.get(id);
    if (seen === undefined) books.set(id, (seen = { billed: 0, calls: 0, spoken: Promise.withResolvers<void>() }));
    return seen;
  };
  const server = createServer((request, response) => {
    void orderOf(request).then(({ order, stream }) => {
      const seen = bookOf(order.id);
      seen.calls++;
      if (order.fate === "left-early") {
        seen.spoken.resolve();
        return;
      }
      if (order.fate === "retried" && seen.calls === 1) {
        response.writeHead(500, { "content-type": "application/json" });
        response.end('{"error":{"message":"as the test says"}}');
        return;
      }
      if (stream) answerStream(response, order, seen);
      else answerWhole(response, order, seen);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen({ port: 0, host: "127.0.0.1", backlog: 2048 }, resolve);
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    billed: (id) => books.get(id)?.billed ?? 0,
    calls: (id) => books.get(id)?.calls ?? 0,
    spoken: (id) => bookOf(id).spoken.promise,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

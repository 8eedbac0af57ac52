import { createServer, type ServerResponse } from "node:http";

/**
 * The provider behind every contender of the gateway bench, as its own process: answers at once with the same bytes, so that
 * what differs between two contenders is the contenders. Prints its URL as one JSON line.
 */
const EVENTS_PER_STREAM = 100;
const usage = { prompt_tokens: 12, completion_tokens: EVENTS_PER_STREAM, total_tokens: EVENTS_PER_STREAM + 12 };
const common = { id: "chatcmpl-bench", created: 1_700_000_000, model: "canned-1" };

const completion = JSON.stringify({
  ...common,
  object: "chat.completion",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: "word ".repeat(EVENTS_PER_STREAM) },
      logprobs: null,
      finish_reason: "stop",
    },
  ],
  usage,
});

function chunk(delta: object, finish: string | null): string {
  return `data: ${JSON.stringify({ ...common, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
}
const opening = chunk({ role: "assistant", content: "" }, null);
const words = Array.from({ length: EVENTS_PER_STREAM }, () => chunk({ content: "word " }, null));
const closing = `${chunk({}, "stop")}data: ${JSON.stringify({ ...common, object: "chat.completion.chunk", choices: [], usage })}\n\ndata: [DONE]\n\n`;

/** Of a slow stream, as of a model that many share: ten seconds in all, and a thousand of them at once are a thousand events a second. */
const SLOW_EVENT_MS = 1_000;
const SLOW_EVENTS = 10;

/** Each event is its own write, one turn of the event loop apart, as a model would send them. */
function stream(response: ServerResponse, isSlow: boolean): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(opening);
  let next = 0;
  const send = (): void => {
    const word = isSlow && next === SLOW_EVENTS ? undefined : words[next++];
    if (word === undefined) response.end(closing);
    else {
      response.write(word);
      if (isSlow) setTimeout(send, SLOW_EVENT_MS);
      else setImmediate(send);
    }
  };
  setImmediate(send);
}

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    // The flag stands near one end of every body of the bench; a full parse would make the upstream the bottleneck.
    const body = Buffer.concat(parts);
    const holds = (word: string): boolean =>
      [body.subarray(0, 200), body.subarray(-400)].some((part) => part.includes(word));
    if (holds('"stream":true')) stream(response, holds('"user":"slow"'));
    else response.writeHead(200, { "content-type": "application/json" }).end(completion);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object")
    console.log(JSON.stringify({ url: `http://127.0.0.1:${address.port}/v1` }));
});
process.on("disconnect", () => process.exit(0));

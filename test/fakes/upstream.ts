import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a scripted server does next. Nothing in it is timed: it goes on when a promise that the test holds says so. */
export type Step =
  /** Bytes in one write of their own. */
  | { readonly write: string | Uint8Array }
  /** Goes on when the test resolves it; a function is called when the step is reached. */
  | { readonly until: Promise<unknown> | (() => Promise<unknown>) }
  /** Keeps the connection open and says nothing more. */
  | { readonly hang: true }
  /** Destroys the socket: half an answer. */
  | { readonly cut: true }
  /** Ends the connection in good order (FIN), in the middle of the answer. */
  | { readonly fin: true }
  /** Resets the connection (RST), in the middle of the answer. */
  | { readonly reset: true };

export interface Script {
  /** Says nothing at all, not even headers. */
  readonly silent?: boolean;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Each is asked for when the one before is through. */
  readonly steps?: Iterable<Step>;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly json: Record<string, unknown>;
  /** Resolves when the caller closes the connection before the answer is over. */
  readonly aborted: Promise<void>;
}

/** One script, or what a request decides. */
export type Answer = Script | ((request: SeenRequest) => Script);

export interface Upstream {
  /** `http://127.0.0.1:<port>`, without a path. */
  readonly origin: string;
  readonly requests: readonly SeenRequest[];
  /** What is answered from now on. */
  answer(script: Answer): void;
  close(): Promise<void>;
}

/** An event stream of these payloads, each in a write of its own. */
export function sse(payloads: readonly (object | string)[]): Script {
  return {
    headers: { "content-type": "text/event-stream" },
    steps: payloads.map((payload) => ({
      write: `data: ${typeof payload === "string" ? payload : JSON.stringify(payload)}\n\n`,
    })),
  };
}

export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Script {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { status, headers: { "content-type": "application/json", ...headers }, steps: [{ write: text }] };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

function flush(response: ServerResponse, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    response.write(data, () => setImmediate(resolve));
  });
}

async function play(script: Script, response: ServerResponse): Promise<void> {
  if (script.silent === true) return;
  response.writeHead(script.status ?? 200, script.headers ?? {});
  for (const step of script.steps ?? []) {
    if (response.destroyed) return;
    if ("write" in step) await flush(response, step.write);
    else if ("until" in step) await (typeof step.until === "function" ? step.until() : step.until);
    else if ("cut" in step) {
      response.destroy();
      return;
    } else if ("fin" in step) {
      response.socket?.end();
      return;
    } else if ("reset" in step) {
      response.socket?.resetAndDestroy();
      return;
    } else {
      response.flushHeaders();
      return;
    }
  }
  response.end();
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** A provider that does what the test says, and remembers what it was asked. Answers 501 until told otherwise. */
export async function startUpstream(): Promise<Upstream> {
  const requests: SeenRequest[] = [];
  let current: Answer = json({ error: { message: "the test scripted no answer" } }, 501);
  const server = createServer((request, response) => {
    const aborted = new Promise<void>((resolve) => {
      response.on("close", () => {
        if (!response.writableFinished) resolve();
      });
    });
    void readBody(request).then((text) => {
      const seen: SeenRequest = {
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers as Record<string, string>,
        text,
        json: parse(text),
        aborted,
      };
      requests.push(seen);
      return play(typeof current === "function" ? current(seen) : current, response);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    answer(script) {
      current = script;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** A promise that the test resolves, for `until`. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

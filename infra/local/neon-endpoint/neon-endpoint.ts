import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import { errorAnswer, resultJson } from "./answer.ts";
import type { Answer } from "./answer.ts";
import { parseSqlRequest } from "./request.ts";
import type { SqlBackend } from "./sql-backend.ts";

/** Neon's proxy takes and gives 10 MiB by default. */
const maxBodyBytes = 10 * 1024 * 1024;

export interface NeonEndpoint {
  /** Value of `NEON_FETCH_ENDPOINT`: `http://127.0.0.1:<port>/sql`. */
  readonly url: string;
  /** Stops accepting and waits for what runs. The backend stays open. */
  close(): Promise<void>;
}

export interface NeonEndpointOptions {
  readonly backend: SqlBackend;
  /** 0 for any free port. */
  readonly port: number;
  /** The largest request and answer, in bytes. Default 10 MiB. */
  readonly maxBytes?: number;
}

/**
 * Serves Neon's SQL-over-HTTP protocol on the loopback interface, in front of a local database. It asks for a connection
 * string, as Neon does, and ignores what it says: whoever reaches the loopback interface reaches the database.
 * @throws the server's own error (`EADDRINUSE`) when the port is taken.
 */
export async function startNeonEndpoint({
  backend,
  port,
  maxBytes = maxBodyBytes,
}: NeonEndpointOptions): Promise<NeonEndpoint> {
  const server = createServer((request, response) => {
    void answer(backend, request, maxBytes).then(({ status, body }) => {
      response.writeHead(status, {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        ...(status === 413 ? { connection: "close" } : {}),
      });
      response.end(body);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the endpoint has no TCP address");
  return {
    url: `http://127.0.0.1:${address.port}/sql`,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
    },
  };
}

async function answer(backend: SqlBackend, request: IncomingMessage, maxBytes: number): Promise<Answer> {
  try {
    if (request.method !== "POST" || request.url !== "/sql") return failure(404, "POST /sql is all there is here");
    const body = await readBody(request, maxBytes);
    if (body === undefined) return failure(413, `the request is larger than ${maxBytes} bytes`);
    const text = await execute(backend, request, body);
    if (Buffer.byteLength(text) > maxBytes) return failure(507, `the response is larger than ${maxBytes} bytes`);
    return { status: 200, body: text };
  } catch (error) {
    return errorAnswer(error);
  }
}

async function execute(backend: SqlBackend, request: IncomingMessage, body: string): Promise<string> {
  const asked = parseSqlRequest((name) => request.headers[name]?.toString(), body);
  if (asked.kind === "single") {
    return JSON.stringify(resultJson(await backend.single(asked.statement), asked.arrayMode));
  }
  const results = await backend.batch(asked.statements, asked.mode);
  return JSON.stringify({ results: results.map((result) => resultJson(result, asked.arrayMode)) });
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // The rest is read and dropped, so that the caller sees the answer and not a broken pipe.
    if (bytes <= maxBytes) chunks.push(chunk);
  }
  return bytes > maxBytes ? undefined : Buffer.concat(chunks).toString("utf8");
}

function failure(status: number, message: string): Answer {
  return { status, body: JSON.stringify({ message }) };
}

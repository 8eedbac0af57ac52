import { Agent, request } from "node:http";

export interface LoadTarget {
  readonly name: string;
  /** Full URL of the chat completions route. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The model name that this contender knows the canned model by. */
  readonly model: string;
  /** Processes whose CPU time is the contender's cost. */
  readonly pids: readonly number[];
}

export interface Exchange {
  readonly status: number;
  /** Milliseconds from sending to the first byte of the body. */
  readonly firstByteMs: number;
  /** Milliseconds from sending to the last byte. */
  readonly totalMs: number;
  readonly bytes: number;
  /** Milliseconds until the headers, as the server itself tells (`server-timing`); undefined where it does not. */
  readonly serverMs: number | undefined;
}

function serverMsOf(header: string | string[] | undefined): number | undefined {
  const total = /\btotal;dur=([\d.]+)/.exec(String(header ?? ""))?.[1];
  return total === undefined ? undefined : Number(total);
}

/** One POST over a kept-alive connection, timed. */
export function exchange(target: LoadTarget, body: Buffer, agent: Agent): Promise<Exchange> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const outgoing = request(
      target.url,
      {
        method: "POST",
        agent,
        headers: { "content-type": "application/json", "content-length": body.length, ...target.headers },
      },
      (response) => {
        let firstByteMs = Number.NaN;
        let bytes = 0;
        response.on("data", (part: Buffer) => {
          if (bytes === 0) firstByteMs = performance.now() - started;
          bytes += part.length;
        });
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            firstByteMs,
            totalMs: performance.now() - started,
            bytes,
            serverMs: serverMsOf(response.headers["server-timing"]),
          }),
        );
        response.on("error", reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** `count` exchanges by `concurrency` workers. @throws when any answer is not 200, unless that is what is measured. */
export async function drive(
  target: LoadTarget,
  body: Buffer,
  plan: { readonly count: number; readonly concurrency: number; readonly mayFail?: boolean },
): Promise<Exchange[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: plan.concurrency });
  const done: Exchange[] = [];
  let left = plan.count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const result = await exchange(target, body, agent);
      if (result.status !== 200 && plan.mayFail !== true) throw new Error(`${target.name} answered ${result.status}`);
      done.push(result);
    }
  };
  try {
    await Promise.all(Array.from({ length: plan.concurrency }, worker));
  } finally {
    agent.destroy();
  }
  return done;
}

/** The thread of `front-door.ts`: bytes in, bytes out, and an end that is told. */
import { connect, createServer, type Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";

export interface FrontDoorOptions {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  /** Where workerd listens on the loopback interface. */
  readonly target: number;
}

export type FrontDoorReport = { readonly port: number } | { readonly error: string };

/** An abrupt end is an end as well; what it is about was told by the bytes before. */
const ignore = (): void => undefined;

/**
 * Joins two connections. When the caller's side ends, workerd's is reset: the one thing that it notices while it waits. A caller who shuts down only the
 * sending half before the answer counts as gone, as with nginx.
 */
function join(caller: Socket, target: number): void {
  const inside = connect({ host: "127.0.0.1", port: target, noDelay: true });
  caller.on("error", ignore);
  inside.on("error", ignore);
  caller.pipe(inside, { end: false });
  inside.pipe(caller);
  caller.on("end", () => inside.resetAndDestroy());
  caller.on("close", () => inside.resetAndDestroy());
  inside.on("close", () => caller.end());
}

const { host, port, target } = workerData as FrontDoorOptions;
const server = createServer({ noDelay: true, allowHalfOpen: true }, (caller) => join(caller, target));
const tell = (report: FrontDoorReport): void => parentPort?.postMessage(report);
server.on("error", (error) => tell({ error: error.message }));
server.listen({ host, port }, () => {
  const address = server.address();
  tell({ port: typeof address === "object" && address !== null ? address.port : port });
});

import { createServer } from "node:net";
import { portVariables, StartError } from "./config.ts";

export interface WantedPort {
  readonly part: keyof typeof portVariables;
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
}

/**
 * Finds the port of each part before anything starts, so that a port in use leaves nothing behind.
 * @throws StartError naming the port and the variable that changes it.
 */
export async function choosePorts(wanted: readonly WantedPort[]): Promise<number[]> {
  const probes = await Promise.allSettled(wanted.map(probe));
  await Promise.all(probes.map(async (result) => (result.status === "fulfilled" ? result.value.close() : undefined)));
  return probes.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value.port;
  });
}

/** Held open until all are found: two parts must not be given the same free port. */
async function probe({ part, host, port }: WantedPort): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(new StartError(reasonOf(error, { part, host, port }))),
    );
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close: async () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function reasonOf(error: NodeJS.ErrnoException, { part, host, port }: WantedPort): string {
  const variable = portVariables[part];
  if (error.code === "EADDRINUSE") {
    return `port ${port} (${part}) is in use by another program. Stop it, or choose another port: ${variable}=0 takes any free one.`;
  }
  if (error.code === "EACCES")
    return `port ${port} (${part}) may not be used by this account. Choose one above 1023 with ${variable}.`;
  if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND")
    return `${host} is no address of this machine; see MILLRACE_HOST.`;
  return `port ${port} (${part}) cannot be opened: ${error.message}. ${variable} changes it.`;
}

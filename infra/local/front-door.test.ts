import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type FrontDoor, startFrontDoor } from "./front-door.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function listen(onSocket: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    // The door resets what its caller leaves.
    socket.on("error", () => undefined);
    onSocket(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => server.close());
  return server;
}

async function door(onSocket: (socket: Socket) => void): Promise<FrontDoor> {
  const target = ((await listen(onSocket)).address() as AddressInfo).port;
  const opened = await startFrontDoor({ host: "127.0.0.1", port: 0, target });
  ends.push(() => opened.stop());
  return opened;
}

function call(port: number): Socket {
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  ends.push(() => socket.destroy());
  return socket;
}

describe("the front door", () => {
  it("passes bytes both ways", async () => {
    const { port } = await door((socket) => socket.pipe(socket));
    const caller = call(port);
    const sent = Buffer.alloc(300_000, "abc");
    caller.write(sent);
    const parts: Buffer[] = [];
    for await (const part of caller) {
      parts.push(part as Buffer);
      if (Buffer.concat(parts).length === sent.length) break;
    }
    expect(Buffer.concat(parts).equals(sent)).toBe(true);
  });

  it.each(["end", "destroy", "resetAndDestroy"] as const)(
    "tells a server that waits that its caller is gone: %s",
    async (leave) => {
      const { promise: reset, resolve } = Promise.withResolvers<string | undefined>();
      const { promise: asked, resolve: hear } = Promise.withResolvers<void>();
      const { port } = await door((socket) => {
        socket.once("data", () => hear());
        socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
      });
      const caller = call(port);
      caller.write("a question");
      await asked;
      caller[leave]();
      expect(await reset).toBe("ECONNRESET");
    },
  );

  it("ends the caller's connection when the server ends its own, with all that was said", async () => {
    const { port } = await door((socket) => socket.end("the whole answer"));
    const parts: Buffer[] = [];
    for await (const part of call(port)) parts.push(part as Buffer);
    expect(Buffer.concat(parts).toString()).toBe("the whole answer");
  });

  it("closes on callers while nothing is behind it", async () => {
    const gone = await listen(() => undefined);
    const target = (gone.address() as AddressInfo).port;
    gone.close();
    const opened = await startFrontDoor({ host: "127.0.0.1", port: 0, target });
    ends.push(() => opened.stop());
    const caller = call(opened.port);
    caller.on("error", () => undefined);
    caller.resume();
    await once(caller, "end");
  });

  it("says which address it cannot have", async () => {
    const taken = ((await listen(() => undefined)).address() as AddressInfo).port;
    await expect(startFrontDoor({ host: "127.0.0.1", port: taken, target: 1 })).rejects.toThrow(`127.0.0.1:${taken}`);
  });
});

import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { choosePorts } from "./ports.ts";

const other = createServer();
beforeEach(async () => new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve)));
afterEach(async () => new Promise<void>((resolve) => other.close(() => resolve())));

test("a port in use is named with the variable that changes it", async () => {
  const { port } = other.address() as AddressInfo;
  await expect(choosePorts([{ part: "gateway", host: "127.0.0.1", port }])).rejects.toThrow(
    new RegExp(`port ${port} \\(gateway\\) is in use .*MILLRACE_PORT=0`),
  );
});

test("parts that take any free port get different ones, free to listen on", async () => {
  const ports = await choosePorts([
    { part: "gateway", host: "127.0.0.1", port: 0 },
    { part: "runner", host: "127.0.0.1", port: 0 },
    { part: "neon", host: "127.0.0.1", port: 0 },
  ]);
  expect(new Set(ports).size).toBe(3);
  expect(await choosePorts(ports.map((port) => ({ part: "neon", host: "127.0.0.1", port })))).toEqual(ports);
});

test("an address that is not of this machine is a setting at fault", async () => {
  await expect(choosePorts([{ part: "gateway", host: "203.0.113.7", port: 0 }])).rejects.toThrow(/MILLRACE_HOST/);
});

import { modelSchema, providerSchema } from "@millrace/core/contract";
import { build } from "esbuild";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { join } from "node:path";
import { fileURLToPath, URL } from "node:url";
import { startFrontDoor } from "../../../infra/local/front-door.ts";
import { startChild, stopChild } from "../../support/child.ts";
import { newTenant, startGateway } from "../../support/gateway.ts";
import { startStack, newDataDir, repositoryRoot, type Stack } from "../../support/stack.ts";
import type { LoadTarget } from "./load.ts";
import { findProcesses, processTree } from "./process-usage.ts";

export interface Contender {
  readonly target: LoadTarget;
  stop(): Promise<void>;
}

/** The model name that every contender is asked for. */
const MODEL = "canned-1";
const START_TIMEOUT_MS = 60_000;
const COMPATIBILITY_DATE = "2026-11-02";

/** The upstream alone. @returns its base URL as well. */
export async function startUpstream(): Promise<Contender & { readonly baseUrl: string }> {
  const child = await startChild({
    command: process.execPath,
    args: [fileURLToPath(new URL("./canned-upstream.ts", import.meta.url))],
    ready: (line) => (line.startsWith("{") ? (JSON.parse(line) as { url: string }).url : undefined),
    timeoutMs: START_TIMEOUT_MS,
  });
  return {
    baseUrl: child.ready,
    target: { name: "direct", url: `${child.ready}/chat/completions`, headers: {}, model: MODEL, pids: [child.pid] },
    stop: () => stopChild(child),
  };
}

/** The ten-line Hono proxy in the same workerd. */
export async function startBareProxy(upstream: string): Promise<Contender> {
  const bundled = await build({
    entryPoints: [fileURLToPath(new URL("../peers/hono-proxy.worker.ts", import.meta.url))],
    bundle: true,
    format: "esm",
    target: "es2024",
    write: false,
  });
  const before = new Set(findProcesses(process.pid, "workerd"));
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      cf: false,
      workers: [
        {
          name: "bare-proxy",
          modules: [{ type: "ESModule", path: "proxy.js", contents: bundled.outputFiles[0]?.text ?? "" }],
          compatibilityDate: COMPATIBILITY_DATE,
          bindings: { UPSTREAM: upstream },
          // As in the local stack: no Worker of Miniflare's before this one.
          unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
        },
      ],
    }),
  );
  const direct = await miniflare.unsafeGetDirectURL("bare-proxy");
  // As in the local stack: callers reach it through the same front door.
  const frontDoor = await startFrontDoor({ host: "127.0.0.1", port: 0, target: Number(direct.port) });
  const pids = findProcesses(process.pid, "workerd").filter((pid) => !before.has(pid));
  return {
    target: {
      name: "hono proxy",
      url: `http://127.0.0.1:${frontDoor.port}/v1/chat/completions`,
      headers: {},
      model: MODEL,
      pids,
    },
    stop: async () => {
      await frontDoor.stop();
      await miniflare.dispose();
    },
  };
}

/** Portkey's open gateway as its package starts it. */
export async function startPortkey(upstream: string): Promise<Contender> {
  const port = 20_000 + (process.pid % 20_000);
  const child = await startChild({
    command: process.execPath,
    args: [
      join(repositoryRoot, "node_modules/@portkey-ai/gateway/build/start-server.js"),
      `--port=${port}`,
      "--headless",
    ],
    ready: (line) => (line.includes("Ready for connections") ? line : undefined),
    timeoutMs: START_TIMEOUT_MS,
  });
  return {
    target: {
      name: "portkey",
      url: `http://127.0.0.1:${port}/v1/chat/completions`,
      headers: { authorization: "Bearer bench", "x-portkey-provider": "openai", "x-portkey-custom-host": upstream },
      model: MODEL,
      pids: processTree(child.pid),
    },
    stop: () => stopChild(child),
  };
}

/** @throws when the control API does not take it. */
export async function put(stack: Stack, path: string, body: unknown): Promise<void> {
  const response = await fetch(`${stack.url}/api/v1${path}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${stack.key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`PUT ${path}: ${response.status} ${await response.text()}`);
}

async function untilServed(stack: Stack): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const list = (await (
      await fetch(`${stack.url}/v1/models`, { headers: { authorization: `Bearer ${stack.key}` } })
    ).json()) as { data?: { id: string }[] };
    if (list.data?.some((model) => model.id === MODEL)) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  throw new Error(`${MODEL} is not served after ten seconds`);
}

/** Millrace as `npm start` runs it, with authentication, resolution, cache stage and durable traces on; the model is the canned upstream. */
export async function startMillrace(upstream: string): Promise<Contender & { readonly stack: Stack }> {
  const data = newDataDir();
  const stack = await startStack(data.path, {
    MILLRACE_RUNNER: "off",
    ALLOWED_PRIVATE_HOSTS: new URL(upstream).host,
  });
  await put(stack, "/providers/canned", { kind: "openai-compatible", base_url: upstream });
  await put(stack, `/models/${MODEL}`, {
    route: { kind: "target", provider: "canned", model: MODEL },
    surfaces: ["chat"],
  });
  await untilServed(stack);
  return {
    stack,
    target: {
      name: "millrace",
      url: `${stack.url}/v1/chat/completions`,
      headers: { authorization: `Bearer ${stack.key}` },
      model: MODEL,
      pids: findProcesses(stack.child.pid, "workerd"),
    },
    stop: async () => {
      await stack.stop();
      data.remove();
    },
  };
}

/**
 * The gateway Worker by itself, in a workerd of its own: all its stages, but its outbox takes a trace and drops it. What is missing beside millrace is
 * the rest of a trace's way (SQLite, queue, consumer) and Miniflare's stand-ins for the platform.
 */
export async function startGatewayAlone(upstream: string): Promise<Contender> {
  const before = new Set(findProcesses(process.pid, "workerd"));
  const gateway = await startGateway({
    ALLOWED_PRIVATE_HOSTS: new URL(upstream).host,
    BUNDLE_FRESH_MS: "2000",
    BUNDLE_STALE_MS: "4000",
  });
  const pids = findProcesses(process.pid, "workerd").filter((pid) => !before.has(pid));
  const tenant = newTenant({
    providers: { canned: providerSchema.parse({ name: "canned", kind: "openai-compatible", base_url: upstream }) },
    models: {
      [MODEL]: modelSchema.parse({
        name: MODEL,
        route: { kind: "target", provider: "canned", model: MODEL },
        surfaces: ["chat"],
      }),
    },
  });
  await gateway.publish(tenant);
  await gateway.order({ outbox: "drop" });
  return {
    target: {
      name: "gateway alone",
      url: `${gateway.url}/v1/chat/completions`,
      headers: { authorization: `Bearer ${tenant.key}` },
      model: MODEL,
      pids,
    },
    stop: () => gateway.close(),
  };
}

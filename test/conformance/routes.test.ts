import { routeTable } from "@millrace/core/openapi";
import { describe, expect, it } from "vitest";
import { createApp } from "../../edge/gateway/app.ts";
import type { GatewayConfig } from "../../edge/gateway/config.ts";
import { controlHandlers } from "../../functions/api/control-api.ts";

const isControl = (path: string) => path.startsWith("/api/v1/");
/** Pages for people; the document describes the API. */
const PAGES: ReadonlySet<string> = new Set(["/", "/docs", "/openapi.json"]);

/** Routes are registered before anything of the platform is touched: a dependency that is used here fails the test. */
function gatewayRoutes(): string[] {
  const untouched = new Proxy({}, { get: (_target, name) => () => Promise.reject(new Error(`used ${String(name)}`)) });
  const config = {
    ...untouched,
    bundlePublicKey: new Uint8Array(32),
    bundleFreshMs: 1,
    bundleStaleMs: 2,
    allowedPrivateHosts: [],
    allowedOrigins: [],
    traceDurability: "after-answer",
    localKeyHint: undefined,
    control: untouched,
  } as unknown as GatewayConfig;
  const app = createApp(config, { nowMs: () => 0, fetch, randomBytes: (n) => new Uint8Array(n), log: () => undefined });
  return app.routes
    .filter(({ path, method }) => method !== "ALL" && !PAGES.has(path))
    .map(({ path, method }) => `${method.toLowerCase()} ${path.replaceAll(/:([a-z]+)(?:\{\.\+\})?/g, "{$1}")}`);
}

describe("the route table", () => {
  it("lists exactly what the gateway answers itself", () => {
    const listed = routeTable
      .filter(({ path, servedBy }) => !isControl(path) || servedBy === "gateway")
      .map(({ method, path }) => `${method} ${path}`);
    expect(gatewayRoutes().toSorted()).toEqual(listed.toSorted());
  });

  it("lists exactly what the control API answers", () => {
    const listed = routeTable
      .filter(({ path, servedBy }) => isControl(path) && servedBy === undefined)
      .map(({ id }) => id);
    expect(Object.keys(controlHandlers).toSorted()).toEqual(listed.toSorted());
  });
});

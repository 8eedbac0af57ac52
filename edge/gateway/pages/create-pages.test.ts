import { Script } from "node:vm";
import { routeTable } from "@millrace/core/openapi";
import { describe, expect, it } from "vitest";
import { createPages } from "./create-pages.tsx";

const KEY = `mlr_${"0".repeat(32)}_${"k".repeat(43)}`;
const local = createPages({ localKeyHint: KEY, newNonce: () => "n0nce" });
const deployed = createPages({ localKeyHint: undefined, newNonce: () => "n0nce" });

const get = (path: string, headers: Record<string, string> = {}) =>
  local.request(`http://localhost:8787${path}`, { headers: { host: "localhost:8787", ...headers } });

describe("the welcome page", () => {
  it("fills in the key and the chat box for a browser on this machine", async () => {
    const page = await (await get("/")).text();
    expect(page).toContain(`authorization: Bearer ${KEY}`);
    expect(page).toContain('id="try"');
  });

  it("never shows the key on a deployed gateway", async () => {
    const page = await (await deployed.request("http://localhost:8787/")).text();
    expect(page).toContain("Bearer $MILLRACE_KEY");
    expect(page).not.toContain("mlr_");
    expect(page).not.toContain('id="try"');
  });

  it.each([
    ["a name rebound to this machine by DNS", { host: "evil.example:8787" }],
    ["a name that only begins like a loopback name", { host: "localhost.evil.example" }],
    ["a tunnel that rewrites the host", { "x-forwarded-for": "203.0.113.7" }],
    ["another machine of the network", { "cf-connecting-ip": "192.168.1.20" }],
  ])("does not show the key to %s", async (_who, headers) => {
    const page = await (await get("/", headers)).text();
    expect(page).not.toContain("mlr_");
  });

  it.each(["127.0.0.1:8787", "[::1]:8787", "millrace.localhost:8787"])("shows the key to %s", async (host) => {
    expect(await (await get("/", { host })).text()).toContain(KEY);
  });

  it("runs only its own script and is kept by no cache", async () => {
    const { headers } = await get("/");
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'nonce-n0nce'");
    expect(policy).not.toContain("unsafe");
    expect(headers.get("cache-control")).toBe("no-store");
  });

  it("has no inline style attribute or handler that its own policy would stop", async () => {
    for (const path of ["/", "/docs"]) {
      const page = await (await get(path)).text();
      expect(page).not.toMatch(/<[^>]+ (?:style|on[a-z]+)=/);
      expect(page).not.toMatch(/(?:src|href)="https?:\/\//);
    }
  });

  it("writes scripts that parse", async () => {
    const page = await (await get("/")).text();
    const script = /<script nonce="n0nce">([\s\S]*?)<\/script>/.exec(page)?.[1] ?? "";
    expect(() => new Script(script)).not.toThrow();
  });
});

describe("the reference", () => {
  it("describes every route of the table", async () => {
    const page = await (await get("/docs")).text();
    for (const route of routeTable) {
      expect(page).toContain(`id="${route.id}"`);
      expect(page).toContain(route.path);
    }
  });

  it("leads nowhere that is not on the page", async () => {
    const page = await (await get("/docs")).text();
    const targets = Array.from(page.matchAll(/href="#([^"]+)"/g), (match) => match[1] ?? "");
    expect(targets.filter((target) => !page.includes(`id="${target}"`))).toEqual([]);
  });

  it("shows commands with the address that the reader used", async () => {
    const page = await (await get("/docs")).text();
    expect(page).toContain("curl -N http://localhost:8787/v1/chat/completions");
  });

  it("gives the document to any origin", async () => {
    const response = await get("/openapi.json");
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(await response.json()).toMatchObject({ openapi: "3.1.1", servers: [{ url: "http://localhost:8787" }] });
  });
});

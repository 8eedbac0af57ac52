import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { modelSchema, providerSchema } from "@millrace/core/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { millrace } from "../../test/support/cli.ts";

const model = modelSchema.parse({
  name: "acme/chat",
  route: { kind: "fallback", routes: [{ kind: "target", provider: "cloud", model: "big" }] },
  resilience: { max_attempts: 3 },
});
const provider = providerSchema.parse({
  name: "cloud",
  kind: "openai",
  secrets: ["KEY_A", "KEY_B"],
  max_concurrent: 8,
});

let folder: string;
let sent: { readonly line: string; readonly body: unknown }[];
beforeEach(async () => {
  sent = [];
  folder = await mkdtemp(join(tmpdir(), "millrace-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** How often the gateway still says that it serves what was before. */
let behind = 0;
function bundleAnswer(): Response {
  const served = behind > 0 ? 6 : 7;
  behind = Math.max(0, behind - 1);
  const status = { epoch: 7, hash: "c".repeat(64), published_at: null, pending: 0, last_error: null };
  return Response.json(status, { headers: { "x-millrace-epoch": String(served) } });
}

const answer: typeof fetch = async (input, init) => {
  const { pathname } = new URL(input instanceof Request ? input.url : input);
  const method = init?.method ?? "GET";
  if (pathname === "/api/v1/bundle") return bundleAnswer();
  sent.push({
    line: `${method} ${pathname}`,
    body: typeof init?.body === "string" ? JSON.parse(init.body) : undefined,
  });
  if (method === "DELETE") return new Response(null, { status: 204 });
  const one = pathname.includes("/models") ? model : provider;
  return Response.json(method === "PUT" ? one : { data: [one] });
};
const cli = (...args: string[]) =>
  millrace({ url: "http://gateway.example", key: "mlr_k" }, args, { fetch: answer, cwd: folder });

describe("models and providers", () => {
  it("are shown as put takes them, and put as the file says", async () => {
    const shown = await cli("models", "show", "acme/chat");
    expect(shown.out).toContain("kind: fallback");
    await writeFile(join(folder, "chat.yaml"), shown.out);
    expect((await cli("models", "put", "acme/chat", "chat.yaml")).exitCode).toBe(0);
    const { name: _name, ...declared } = model;
    expect(sent.at(-1)).toEqual({ line: "PUT /api/v1/models/acme%2Fchat", body: declared });
    await writeFile(join(folder, "cloud.json"), JSON.stringify({ kind: "openai", secrets: ["KEY_A", "KEY_B"] }));
    await cli("providers", "put", "cloud", "cloud.json");
    expect(sent.at(-1)).toEqual({
      line: "PUT /api/v1/providers/cloud",
      body: { kind: "openai", secrets: ["KEY_A", "KEY_B"] },
    });
  });

  it("are served when put and delete end", async () => {
    await writeFile(join(folder, "chat.yaml"), "route: {kind: target, provider: cloud, model: big}\n");
    await writeFile(join(folder, "cloud.yaml"), "kind: openai\n");
    for (const words of [
      ["models", "put", "acme/chat", "chat.yaml"],
      ["models", "delete", "acme/chat"],
      ["providers", "put", "cloud", "cloud.yaml"],
      ["providers", "delete", "cloud"],
    ]) {
      behind = 2;
      const { exitCode, note } = await cli(...words);
      expect([exitCode, behind, note]).toEqual([0, 0, expect.stringContaining("live after")]);
    }
  });

  it("are listed with the names of their secrets and their caps", async () => {
    expect((await cli("providers", "list")).out).toMatch(/cloud +openai +– +KEY_A KEY_B +8/);
  });

  it("are not sent when the file does not fit, and the field is named", async () => {
    await writeFile(join(folder, "bad.yaml"), "route:\n  kind: fallback\n  routes: []\n");
    const { exitCode, note } = await cli("models", "put", "x", "bad.yaml");
    expect(exitCode).toBe(1);
    expect(note).toContain("route.routes: ");
    await writeFile(join(folder, "bad.yaml"), "route: [\n a: b");
    const torn = await cli("models", "put", "x", "bad.yaml");
    expect([torn.exitCode, torn.note]).toEqual([1, expect.stringContaining("line 2")]);
    expect(sent).toEqual([]);
  });

  it("are missed by name, and deleted by it", async () => {
    expect((await cli("models", "show", "nothing")).note).toContain("There is no model nothing.");
    await cli("providers", "delete", "cloud");
    expect(sent.at(-1)?.line).toBe("DELETE /api/v1/providers/cloud");
  });
});

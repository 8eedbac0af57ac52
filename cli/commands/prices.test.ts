import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { priceSchema } from "@millrace/core/contract";
import { convertLitellm } from "@millrace/core/pricing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { millrace } from "../../test/support/cli.ts";
import { renderCost } from "../render/price.ts";

const id = `prc_${"1".repeat(32)}`;
const updated_at = "2026-11-22T10:00:00.000Z";
const file = {
  "gpt-x": { litellm_provider: "openai", input_cost_per_token: 2.5e-6, output_cost_per_token: 1e-5, seconds_cost: 1 },
  "z/m": { litellm_provider: "z", input_cost_per_token: 1e-6, output_cost_per_token: 1e-6 },
};

let folder: string;
let sent: { readonly line: string; readonly body: unknown }[];
beforeEach(async () => {
  sent = [];
  folder = await mkdtemp(join(tmpdir(), "millrace-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Answers as the control API does, with the real converter. */
const answer: typeof fetch = async (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input);
  if (url.host === "prices.example") return Response.json(file);
  if (url.pathname === "/api/v1/bundle")
    return Response.json({ epoch: 7, hash: null, published_at: null, pending: 0, last_error: null });
  const body: unknown = typeof init?.body === "string" ? JSON.parse(init.body) : undefined;
  sent.push({ line: `${init?.method ?? "GET"} ${url.pathname}${url.search}`, body });
  if (init?.method === "DELETE") return new Response(null, { status: 204 });
  if (init?.method === "PUT")
    return Response.json({ id, origin: "override", price: priceSchema.parse(body), updated_at });
  if (init?.method === "POST") {
    const { prices, providers } = body as { prices: object; providers: Record<string, string> };
    return Response.json(convertLitellm({ ...prices }, { providers }).report);
  }
  const price = priceSchema.parse({
    scope: { kind: "openai" },
    model: "gpt-x",
    rates: { input: 2_500_000, requests: 5e9 },
  });
  return Response.json({ data: [{ id, origin: "import", price, updated_at }], next: null });
};
const cli = async (...args: string[]) =>
  millrace({ url: "http://gateway.example", key: "mlr_k" }, ["prices", ...args], { fetch: answer, cwd: folder });

describe("prices", () => {
  it("are listed in dollars", async () => {
    const { out } = await cli("list", "gpt", "--origin", "import");
    expect(out).toMatch(/gpt-x +kind openai +\$2\.5 input · \$0\.005 a call requests +import +prc_1/);
    expect(sent[0]?.line).toBe("GET /api/v1/prices?model=gpt&origin=import&limit=50");
  });

  it("are not sent when a file is not valid, and the field or the place is named", async () => {
    const path = join(folder, "bad.json");
    await writeFile(path, JSON.stringify({ scope: { kind: "nobody" }, model: "m", rates: { input: 1 } }));
    const misfit = await cli("set", "--file", path);
    expect([misfit.exitCode, misfit.note]).toEqual([1, expect.stringContaining("scope.kind: ")]);
    await writeFile(path, '{"a":');
    for (const { exitCode, note } of [await cli("set", "--file", path), await cli("import", path)])
      expect([exitCode, note]).toEqual([1, expect.stringContaining("JSON")]);
    expect(sent).toEqual([]);
  });

  it("are set exactly as they are written", async () => {
    const { exitCode } = await cli(
      "set",
      "gpt-x",
      "--provider",
      "openai",
      "--input",
      "0.07",
      "--output",
      "$1.10",
      "--request",
      "0.005",
    );
    expect([exitCode, sent]).toEqual([
      0,
      [
        {
          line: "PUT /api/v1/prices",
          body: {
            scope: { provider: "openai" },
            model: "gpt-x",
            match: "exact",
            rates: { input: 70_000, output: 1_100_000, requests: 5_000_000_000 },
          },
        },
      ],
    ]);
  });

  it("are set from a file", async () => {
    const price = { scope: { kind: "openai" }, model: "draw", match: "prefix", rates: { images: 40_000_000_000 } };
    await writeFile(join(folder, "price.json"), JSON.stringify(price));
    expect((await cli("set", "--file", "price.json")).exitCode).toBe(0);
    expect(sent[0]?.body).toEqual(price);
  });

  it.each([
    [["set", "gpt-x", "--input", "1"]],
    [["set", "gpt-x", "--kind", "openai"]],
    [["set", "gpt-x", "--kind", "nobody", "--input", "1"]],
    [["set", "--kind", "openai", "--input", "1"]],
    [["set", "gpt-x", "--kind", "openai", "--input", "1.1234567"]],
  ])("are refused before anything is sent: %j", async (args) => {
    expect((await cli(...args)).exitCode).toBe(64);
    expect(sent).toEqual([]);
  });

  it("are imported from a file or an address, with an account of the rest", async () => {
    await writeFile(join(folder, "prices.json"), JSON.stringify(file));
    const fromFile = await cli("import", "prices.json");
    expect(fromFile.out).toMatch(/1 prices imported, 1 entries skipped\n +1 {2}unknown-provider +z\/m/);
    expect(fromFile.out).toContain("1  seconds_cost");
    const fromAddress = await cli("import", "https://prices.example/file.json", "--as", "z=mine", "--json");
    expect(JSON.parse(fromAddress.out)).toMatchObject({ imported: 2, skipped: [] });
  });

  it("are deleted by id", async () => {
    expect((await cli("delete", id)).exitCode).toBe(0);
    expect(sent[0]?.line).toBe(`DELETE /api/v1/prices/${id}`);
  });
});

describe("renderCost", () => {
  it.each([
    [null, "–"],
    [0, "$0"],
    [1, "$0.000001"],
    [1_500_000, "$1.5"],
    [20_000_000, "$20"],
  ])("%j is %s", (micros, text) => expect(renderCost(micros)).toBe(text));
});

import { describe, expect, it } from "vitest";
import { promptContentSchema, SERVED_RECENT_VERSIONS } from "../contract/index.ts";
import { contentHash, sha256Hex } from "../content/index.ts";
import {
  bundleHash,
  type BundleRows,
  type BundleVersionRow,
  compileBundle,
  encodeBundle,
  resolvePromptReference,
} from "./index.ts";

const version = (prompt: string, number: number, includes: Record<string, string> = {}): BundleVersionRow => {
  const content = promptContentSchema.parse({ system: `${prompt} ${number}`, settings: { model: "m" } });
  return {
    id: `${prompt}-${number}`,
    promptId: prompt,
    version: number,
    hash: contentHash(content),
    content,
    includes,
  };
};
const many = Array.from({ length: 30 }, (_, index) => version("reply", index + 1));
const tone = version("tone", 1);

const rows: BundleRows = {
  project: { id: "prj_a", slug: "northwind" },
  environment: { id: "env_a", name: "development" },
  keys: [
    { id: "key_1", hash: sha256Hex("k1"), permissions: ["traces:read", "inference"], expiresAt: null },
    { id: "key_2", hash: sha256Hex("k2"), permissions: ["inference"], expiresAt: "2027-01-01T00:00:00+00:00" },
  ],
  prompts: [
    { id: "reply", name: "support-reply" },
    { id: "tone", name: "tone" },
    { id: "constructor", name: "constructor" },
  ],
  versions: [...many.slice(0, 29), { ...many[29]!, includes: { tone: tone.hash } }, tone],
  labels: [
    { promptId: "reply", label: "production", versionId: "reply-2", previousVersionId: "reply-1" },
    { promptId: "reply", label: "old", versionId: null, previousVersionId: "reply-3" },
  ],
  models: [{ name: "m", route: { kind: "target", provider: "p", model: "m" }, surfaces: ["chat"] }],
  prices: [],
  budgets: [],
  cachePurges: [
    { kind: "environment", subject: "", epoch: 2 },
    { kind: "tag", subject: "spring", epoch: 1 },
    { kind: "prompt", subject: "support-reply", epoch: 3 },
  ],
  providers: [
    {
      name: "p",
      kind: "runner",
      base_url: "http://127.0.0.1:1/v1",
      timeouts: { headers_ms: 1, first_token_ms: 1, gap_ms: 1, total_ms: 1 },
    },
  ],
};

const codeOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "none";
};

describe("compileBundle", () => {
  it("gives the same hash for the same rows in any order", () => {
    const reversed = Object.fromEntries(
      Object.entries(rows).map(([name, value]) => [
        name,
        Array.isArray(value) ? [...(value as unknown[])].reverse() : value,
      ]),
    ) as unknown as BundleRows;
    expect(bundleHash(compileBundle(reversed))).toBe(bundleHash(compileBundle(rows)));
  });

  it("serves the recent versions, each label's version and the one before its last move, and nothing else", () => {
    const numbers = Object.keys(compileBundle(rows).prompts["support-reply"]!.numbers).map(Number);
    expect(numbers).toEqual([1, 2, 3, ...Array.from({ length: SERVED_RECENT_VERSIONS }, (_, index) => index + 11)]);
  });

  it("carries what a served version includes", () => {
    expect(compileBundle(rows).versions[tone.hash]?.prompt).toBe("tone");
  });

  it("refuses rows that lack an included version", () => {
    const missing = { ...rows, versions: rows.versions.filter(({ id }) => id !== "tone-1") };
    expect(codeOf(() => compileBundle(missing))).toBe("internal");
  });

  it("holds hashes of keys with an expiry in UTC, and no key", () => {
    expect(compileBundle(rows).keys[sha256Hex("k2")]).toEqual({
      id: "key_2",
      permissions: ["inference"],
      expires_at: "2027-01-01T00:00:00.000Z",
    });
  });

  it("counts what was purged by environment, prompt and tag", () => {
    expect(compileBundle(rows).cache_epochs).toEqual({
      environment: 2,
      prompts: { "support-reply": 3 },
      versions: {},
      tags: { spring: 1 },
    });
  });

  it("refuses to encode more than the limit", () => {
    const bundle = compileBundle(rows);
    const big = promptContentSchema.parse({ settings: { model: "m" }, system: "x".repeat(250_000) });
    const versions = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [
        sha256Hex(String(index)),
        { prompt: "p", version: 1, content: big, includes: {} },
      ]),
    );
    expect(codeOf(() => encodeBundle({ ...bundle, versions }))).toBe("bundle-too-large");
    expect(encodeBundle(bundle).hash).toBe(bundleHash(bundle));
  });
});

describe("resolvePromptReference", () => {
  const bundle = compileBundle(rows);
  it.each([
    { reference: "prompt:support-reply", number: 2, label: "production", reason: "default-label" },
    { reference: "prompt:support-reply@production", number: 2, label: "production", reason: "label" },
    { reference: "prompt:support-reply@30", number: 30, label: null, reason: "pinned" },
  ])("$reference is version $number by $reason", ({ reference, number, label, reason }) => {
    const resolved = resolvePromptReference(bundle, reference);
    expect([resolved.version.version, resolved.label, resolved.reason]).toEqual([number, label, reason]);
    expect(resolved.version.prompt).toBe("support-reply");
    expect(resolved.hash).toBe(many[number - 1]?.hash);
  });

  it.each([
    ["prompt:nothing", "unknown-prompt"],
    ["prompt:constructor", "unknown-label"],
    ["prompt:support-reply@constructor", "unknown-label"],
    ["prompt:support-reply@candidate", "unknown-label"],
    ["prompt:support-reply@old", "label-removed"],
    ["prompt:support-reply@5", "unknown-version"],
    ["prompt:support-reply@99", "unknown-version"],
    ["prompt:Support Reply", "invalid-request"],
    ["support-reply", "invalid-request"],
  ])("%s is refused as %s", (reference, code) => {
    expect(codeOf(() => resolvePromptReference(bundle, reference))).toBe(code);
  });

  it("names the prompt that was asked for, even where another holds the same content", () => {
    const twin = { ...version("tone", 1), id: "twin-1", promptId: "twin" };
    const twins = compileBundle({
      ...rows,
      prompts: [...rows.prompts, { id: "twin", name: "a-twin" }],
      versions: [...rows.versions, twin],
    });
    expect(resolvePromptReference(twins, "prompt:tone@1").version.prompt).toBe("tone");
    expect(resolvePromptReference(twins, "prompt:a-twin@1").version.prompt).toBe("a-twin");
  });
});

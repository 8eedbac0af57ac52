import { describe, expect, it } from "vitest";
import { MAX_INCLUDE_DEPTH } from "../contract/limits.ts";
import { promptContentSchema } from "../contract/prompt.ts";
import { resolveClosure, type StoredVersion } from "./closure-hash.ts";

const version = (prompt: string, includes: Record<string, string> = {}): StoredVersion => ({
  prompt,
  content: promptContentSchema.parse({ system: prompt, includes, settings: { model: "m" } }),
});
const store =
  (versions: Record<string, StoredVersion>) => (reference: { prompt: string; version?: number; hash?: string }) =>
    versions[`${reference.prompt}@${reference.version ?? reference.hash}`];

describe("resolveClosure", () => {
  it("changes the address of a version when anything it includes has another text", () => {
    const root = version("root", { part: "part@1" });
    const one = resolveClosure(root, store({ "part@1": version("part") }));
    const other = { ...version("part"), content: { ...version("part").content, system: "different" } };
    expect(resolveClosure(root, store({ "part@1": other })).hash).not.toBe(one.hash);
    expect(resolveClosure(root, store({ "part@1": version("part") })).hash).toBe(one.hash);
  });

  it("refuses a prompt that contains itself in another version, and lists the path", () => {
    const lookup = store({
      "a@1": version("a", { b: "b@1" }),
      "b@1": version("b", { root: "root@3" }),
      "root@3": version("root"),
    });
    expect(() => resolveClosure(version("root", { a: "a@1" }), lookup)).toThrow(
      expect.objectContaining({
        code: "cyclic-composition",
        message: expect.stringContaining("root → a → b → root"),
        param: "includes.root",
      }),
    );
  });

  it("finds the cycle behind a version that was resolved before", () => {
    const lookup = store({
      "x@1": version("x", { y: "y@1" }),
      "y@1": version("y"),
      "z@1": version("z", { w: "w@1" }),
      "w@1": version("w", { x: "x@1" }),
      "y@2": version("y", { w: "w@1" }),
    });
    const root = version("root", { x: "x@1", z: "z@1", y: "y@2" });
    expect(() => resolveClosure(root, lookup)).toThrow(expect.objectContaining({ code: "cyclic-composition" }));
  });

  it("refuses an unknown reference with the alias", () => {
    expect(() => resolveClosure(version("a", { b: "b@9" }), store({}))).toThrow(
      expect.objectContaining({ code: "unknown-version", param: "includes.b" }),
    );
  });

  it("admits MAX_INCLUDE_DEPTH levels and no more, whatever their order", () => {
    const chain = Object.fromEntries(
      Array.from({ length: 9 }, (_, index) => [
        `p${index}@1`,
        version(`p${index}`, index < 8 ? { next: `p${index + 1}@1` } : {}),
      ]),
    );
    const from = (level: number) =>
      resolveClosure(version("root", { deep: "p8@1", first: `p${level}@1` }), store(chain));
    expect(from(9 - MAX_INCLUDE_DEPTH).hash).toMatch(/^[0-9a-f]{64}$/);
    expect(() => from(8 - MAX_INCLUDE_DEPTH)).toThrow(expect.objectContaining({ code: "invalid-prompt" }));
  });
});

import { describe, expect, it } from "vitest";
import { decideCaching } from "./decide-caching.ts";

const decide = (headers: Record<string, string>, ttl?: number) => decideCaching(new Headers(headers), ttl);

describe("decideCaching", () => {
  it("is off until the caller or the prompt asks", () => {
    expect(decide({})).toEqual({ ttlSeconds: undefined, reason: "not-asked" });
    expect(decide({}, 60)).toMatchObject({ ttlSeconds: 60, reason: "prompt" });
    expect(decide({ "x-millrace-cache": "ttl=5" }, 60)).toMatchObject({ ttlSeconds: 5, reason: "header" });
  });

  it("understands cache-control as RFC 9111 does", () => {
    expect(decide({ "cache-control": "no-store" }, 60).reason).toBe("no-store");
    expect(decide({ "cache-control": "no-cache" }, 60)).toMatchObject({ ttlSeconds: 60, maxAgeSeconds: 0 });
    expect(decide({ "cache-control": "max-age=30" }, 60)).toMatchObject({ ttlSeconds: 60, maxAgeSeconds: 30 });
    expect(decide({ "cache-control": "only-if-nothing-else" }, 60)).toMatchObject({ maxAgeSeconds: undefined });
  });

  it("takes tags in any order, each once", () => {
    expect(decide({ "x-millrace-cache-tags": "b, a,b" }, 60)).toMatchObject({ tags: ["a", "b"] });
  });

  it.each([
    { "x-millrace-cache": "ttl=0" },
    { "x-millrace-cache": "ttl=99999999" },
    { "x-millrace-cache": "yes" },
    { "x-millrace-cache-tags": "a b" },
    { "x-millrace-cache-tags": "" },
    { "x-millrace-cache-tags": "1,2,3,4,5,6,7,8,9" },
  ])("refuses %j by its name", (headers) => {
    const [name = ""] = Object.keys(headers);
    expect(() => decide(headers as unknown as Record<string, string>, 60)).toThrow(name);
  });
});

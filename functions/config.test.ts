import { describe, expect, it } from "vitest";
import { type FunctionsEnv, readConfig } from "./config.ts";

const env = (settings: Record<string, unknown>) => settings as unknown as FunctionsEnv;
const complete = { DATABASE_URL: "postgres://user:hunter2@host/db", BUNDLE_PRIVATE_KEY: "AAAA" };

describe("readConfig", () => {
  it("takes a complete environment", () => {
    expect(readConfig(env({ ...complete, ALLOWED_PRIVATE_HOSTS: "127.0.0.1:8790, localhost:1," }))).toMatchObject({
      databaseUrl: complete.DATABASE_URL,
      neonFetchEndpoint: undefined,
      allowedPrivateHosts: ["127.0.0.1:8790", "localhost:1"],
    });
  });

  it("names what is missing or malformed, and never shows a value", () => {
    const read = () => readConfig(env({ DATABASE_URL: "mysql://user:hunter2@host/db" }));
    expect(read).toThrow(/DATABASE_URL, BUNDLE_PRIVATE_KEY/);
    expect(read).not.toThrow(/hunter2/);
  });
});

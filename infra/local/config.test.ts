import { expect, test } from "vitest";
import { readLocalConfig } from "./config.ts";

test("every port, the address and the data can be chosen; secrets are collected by their prefix", () => {
  const config = readLocalConfig("/root/of/it", {
    MILLRACE_PORT: "0",
    MILLRACE_HOST: "0.0.0.0",
    MILLRACE_RUNNER: "off",
    SECRET_NORTHWIND_OPENAI: "x",
    DATABASE_URL: "",
  });
  expect(config).toMatchObject({
    gatewayPort: 0,
    runnerPort: 8790,
    neonPort: 8791,
    host: "0.0.0.0",
    runner: false,
    databaseUrl: undefined,
    observability: { gateway: {}, functions: {} },
    secrets: { SECRET_NORTHWIND_OPENAI: "x" },
  });
});

test.each([
  [{ MILLRACE_PORT: "http" }, /MILLRACE_PORT is "http"/],
  [{ MILLRACE_NEON_PORT: "65536" }, /MILLRACE_NEON_PORT/],
  [{ MILLRACE_RUNNER: "no" }, /MILLRACE_RUNNER is "no"; use on or off/],
  [{ DATABASE_URL: "mysql://x" }, /DATABASE_URL does not begin with postgres/],
])("the setting at fault in %o is named", (env, message) => {
  expect(() => readLocalConfig("/root/of/it", env)).toThrow(message);
});

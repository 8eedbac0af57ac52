import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Long enough for a Worker or a model to start on a busy two-core machine; a hang still fails within the minute. */
const testTimeoutMs = 30_000;

const common = { testTimeout: testTimeoutMs, hookTimeout: 2 * testTimeoutMs };
const notHere = ["**/node_modules/**", "**/dist/**", "**/.millrace/**"];

/** The functions Worker, with databases in Node that it reaches over Neon's protocol. */
function functionsWorkerd() {
  return {
    plugins: [
      cloudflareTest(({ inject }) => ({
        wrangler: { configPath: "./functions/wrangler.toml" },
        miniflare: {
          bindings: {
            DATABASE_URL: "postgres://test:test@localhost/millrace",
            NEON_FETCH_ENDPOINT: inject("databases")[0]?.neonFetchEndpoint ?? "",
            // Nothing that runs here signs.
            BUNDLE_PRIVATE_KEY: "AAAA",
          },
        },
      })),
    ],
    test: {
      ...common,
      name: "functions-workerd",
      include: ["functions/**/*.worker.test.ts"],
      exclude: notHere,
      globalSetup: ["./test/support/worker-databases.ts"],
    },
  };
}

/** The gateway Worker beside a functions Worker that only has the names that its bindings need: its objects and stages are tested, not the whole. */
function gatewayWorkerd() {
  const script = `import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
    export class ConfigHub extends DurableObject {}
    export class TraceOutbox extends DurableObject {}
    export class Ledger extends DurableObject {}
    export class ControlApi extends WorkerEntrypoint {}
    export default { fetch: () => new Response(null, { status: 404 }) };`;
  return {
    plugins: [
      cloudflareTest({
        wrangler: { configPath: "./wrangler.toml" },
        miniflare: {
          bindings: { BUNDLE_PUBLIC_KEY: "AAAA" },
          workers: [
            {
              name: "millrace-functions",
              modules: true,
              script,
              compatibilityDate: "2026-11-02",
              durableObjects: {
                CONFIG_HUB: { className: "ConfigHub", useSQLite: true },
                TRACE_OUTBOX: { className: "TraceOutbox", useSQLite: true },
                LEDGER: { className: "Ledger", useSQLite: true },
              },
            },
          ],
        },
      }),
    ],
    test: { ...common, name: "gateway-workerd", include: ["edge/gateway/**/*.worker.test.ts"], exclude: notHere },
  };
}

export default defineConfig({
  test: {
    // Two workers: more of them starve the models and the databases that tests start.
    maxWorkers: 2,
    passWithNoTests: true,
    projects: [
      {
        test: {
          ...common,
          name: "unit",
          include: ["{core,cli,migrations,infra,edge,functions}/**/*.test.ts"],
          exclude: [...notHere, "**/*.worker.test.ts"],
        },
      },
      {
        test: {
          ...common,
          name: "runner",
          include: ["gpu-runner/**/*.test.ts"],
          exclude: notHere,
          // A model uses every core it gets: one file at a time.
          fileParallelism: false,
        },
      },
      gatewayWorkerd(),
      functionsWorkerd(),
      {
        test: {
          ...common,
          name: "e2e",
          include: ["test/**/*.test.ts"],
          exclude: notHere,
          testTimeout: 4 * testTimeoutMs,
          hookTimeout: 4 * testTimeoutMs,
          fileParallelism: false,
        },
      },
    ],
  },
});

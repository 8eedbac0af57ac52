/**
 * The gateway Worker.
 *   fetch         inference under `/v1`, the control API under `/api/v1`, pages, health; `app.ts` has the list
 *   TargetHealth  what the isolates of an environment know about its targets together (Durable Object)
 *   BatchRun      one batch: its lines and what became of them (Durable Object)
 *   Telemetry     what the gateway counts about itself, of all isolates (Durable Object)
 * The other Durable Objects, queues and the database belong to the functions Worker.
 */
import { createGateway, type GatewayFetch } from "./app.ts";
import { readConfig } from "./config.ts";
import { workerPlatform } from "./worker-platform.ts";

export { BatchRun } from "./objects/batch-run.ts";
export { TargetHealth } from "./objects/target-health.ts";
export { Telemetry } from "./objects/telemetry.ts";

/** One app for each isolate; the runtime hands every request the same `env`. */
const apps = new WeakMap<object, GatewayFetch>();

function appOf(env: Readonly<Record<string, unknown>>): GatewayFetch {
  let app = apps.get(env);
  if (app === undefined) {
    app = createGateway(readConfig(env), workerPlatform);
    apps.set(env, app);
  }
  return app;
}

export default {
  fetch: (request, env, context) => appOf(env)(request, env, context),
} satisfies ExportedHandler<Record<string, unknown>>;

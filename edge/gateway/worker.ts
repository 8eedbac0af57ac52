/**
 * The gateway Worker.
 *   fetch         inference under `/v1`, the control API under `/api/v1`, pages, health; `app.ts` has the list
 *   Ledger        the exact account of each project's spend (Durable Object)
 *   TargetHealth  what the isolates of an environment know about its targets together (Durable Object)
 * The other Durable Objects, queues and the database belong to the functions Worker.
 */
import type { Hono } from "hono";
import { createApp } from "./app.ts";
import { readConfig } from "./config.ts";
import { log } from "./log.ts";

export { Ledger } from "./objects/ledger.ts";
export { TargetHealth } from "./objects/target-health.ts";

/** One app for each isolate; the runtime hands every request the same `env`. */
const apps = new WeakMap<object, Hono>();

function appOf(env: Readonly<Record<string, unknown>>): Hono {
  let app = apps.get(env);
  if (app === undefined) {
    app = createApp(readConfig(env), {
      nowMs: () => performance.timeOrigin + performance.now(),
      fetch: (input, init) => fetch(input, init),
      randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
      log,
    });
    apps.set(env, app);
  }
  return app;
}

export default {
  fetch: (request, env, context) => appOf(env).fetch(request, env, context),
} satisfies ExportedHandler<Record<string, unknown>>;

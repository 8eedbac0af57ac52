import gateway from "../../edge/gateway/worker.ts";
import { BatchRun as RealBatchRun } from "../../edge/gateway/objects/batch-run.ts";

export * from "../../edge/gateway/worker.ts";

/** Calls of the store that fail before one succeeds again; the object and the Worker share it, as they share the isolate. */
let failures = 0;

/** R2 as it is on a bad day: every call fails while the test says so. */
function faulty(bucket: R2Bucket): R2Bucket {
  return new Proxy(bucket, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        if (failures > 0) {
          failures -= 1;
          return Promise.reject(new Error("R2: internal error (10001)"));
        }
        return Reflect.apply(member, target, args);
      };
    },
  });
}

const envs = new WeakMap<object, Record<string, unknown>>();

/** One for each environment, because the gateway keeps one app for each. */
function faultyEnv(env: Record<string, unknown>): Record<string, unknown> {
  let made = envs.get(env);
  if (made === undefined) {
    made = { ...env, STATE: faulty(env["STATE"] as R2Bucket) };
    envs.set(env, made);
  }
  return made;
}

export class BatchRun extends RealBatchRun {
  constructor(ctx: DurableObjectState, env: Record<string, unknown>) {
    super(ctx, faultyEnv(env));
  }
}

export default {
  fetch(request, env, context) {
    const url = new URL(request.url);
    if (url.pathname !== "/faults") return gateway.fetch(request, faultyEnv(env), context);
    failures = Number(url.searchParams.get("failures"));
    return new Response(null, { status: 204 });
  },
} satisfies ExportedHandler<Record<string, unknown>>;

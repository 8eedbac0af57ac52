/**
 * The functions Worker. Nothing here is on the path of a request to a model.
 *   queue      traces, the messages that the queue gave up on, and the names of traces to export
 *   scheduled  each minute: publications left behind, partitions, spilled traces
 *   ControlApi `/api/v1`, for the gateway's service binding only
 *   ConfigHub, TraceOutbox, Ledger  Durable Objects, which the gateway binds to
 */
import type { FunctionsEnv } from "./config.ts";
import { contextOf } from "./context.ts";
import { cronJobs } from "./cron/jobs.ts";
import { runJobs } from "./cron/run-jobs.ts";
import { consumeDeadTraces, consumeTraces } from "./ingest/consume-traces.ts";
import { isDeadQueue } from "./ingest/dead-queue.ts";
import { consumeExports } from "./telemetry/consume-exports.ts";
import { isTelemetryQueue } from "./telemetry/export-name.ts";

export { ControlApi } from "./control-entrypoint.ts";
export { ConfigHub } from "./objects/config-hub.ts";
export { Ledger } from "./objects/ledger.ts";
export { TraceOutbox } from "./objects/trace-outbox.ts";

export default {
  async fetch() {
    return new Response(null, { status: 404 });
  },
  async queue(batch, env) {
    const { exports, ingest } = contextOf(env);
    if (isTelemetryQueue(batch.queue)) await consumeExports(batch, exports);
    else await (isDeadQueue(batch.queue) ? consumeDeadTraces(batch, ingest) : consumeTraces(batch, ingest));
  },
  async scheduled(_controller, env) {
    const context = contextOf(env);
    await runJobs(cronJobs(context), context.ingest);
  },
} satisfies ExportedHandler<FunctionsEnv, unknown>;

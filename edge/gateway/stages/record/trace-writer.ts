import {
  TRACE_OUTBOX_SHARDS,
  type TraceMessage,
  type TraceOutboxService,
  traceOutboxName,
} from "@millrace/core/contract";
import { errorFields, type Log } from "@millrace/core/log";
import { within } from "../../memory/within.ts";
import { GroupCommit } from "./group-commit.ts";

/** The end of an answer waits this long for the outbox, then for each fallback. */
const APPEND_LIMIT_MS = 2_000;
const FALLBACK_LIMIT_MS = 2_000;

export interface TraceWriterDeps {
  readonly outbox: (shard: string) => Pick<TraceOutboxService, "append">;
  readonly enqueue: (message: TraceMessage) => Promise<unknown>;
  readonly spill: (key: string, text: string) => Promise<unknown>;
  readonly log: Log;
}

export interface TraceWriter {
  /** The outbox object that holds an environment's traces. */
  outboxOf(environmentId: string): string;
  /** Where the message came to rest; `lost` only when outbox, queue and R2 are all away, which is logged and counted. Never throws. */
  write(message: TraceMessage): Promise<"outbox" | "queue" | "spill" | "lost">;
}

/** FNV-1a: spreads environments over shards; no secret, no collision matters. */
function shardOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return traceOutboxName((hash >>> 0) % TRACE_OUTBOX_SHARDS);
}

/** The way of a trace to a durable place: the outbox; when it is away the queue; when that is away R2, where the functions Worker collects it. */
export function createTraceWriter(deps: TraceWriterDeps): TraceWriter {
  const writers = new Map<string, GroupCommit<TraceMessage>>();
  const writerOf = (shard: string): GroupCommit<TraceMessage> => {
    let writer = writers.get(shard);
    if (writer === undefined) {
      writer = new GroupCommit({ commit: (messages) => deps.outbox(shard).append(messages), limitMs: APPEND_LIMIT_MS });
      writers.set(shard, writer);
    }
    return writer;
  };
  return {
    outboxOf: shardOf,
    async write(message) {
      const trace = { trace_id: message.record.id, outbox: message.outbox };
      try {
        await writerOf(message.outbox).append(message);
        return "outbox";
      } catch (error) {
        deps.log("warn", "trace-outbox-away", { ...trace, ...errorFields(error) });
      }
      try {
        await within(deps.enqueue(message), FALLBACK_LIMIT_MS);
        return "queue";
      } catch (error) {
        deps.log("warn", "trace-queue-away", { ...trace, ...errorFields(error) });
      }
      try {
        await within(deps.spill(`spill/${message.record.id}.json`, JSON.stringify(message)), FALLBACK_LIMIT_MS);
        return "spill";
      } catch (error) {
        deps.log("error", "trace-lost", { ...trace, ...errorFields(error), count: 1 });
        return "lost";
      }
    },
  };
}

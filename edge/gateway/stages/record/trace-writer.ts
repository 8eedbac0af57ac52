import { TRACE_OUTBOX_SHARDS, type TraceOutboxService, type TraceText, traceOutboxName } from "@millrace/core/contract";
import { errorFields, type Log } from "@millrace/core/log";
import { within } from "../../memory/within.ts";
import { GroupCommit } from "./group-commit.ts";

/** The end of an answer waits this long for the outbox, then for each fallback. */
const APPEND_LIMIT_MS = 2_000;
const FALLBACK_LIMIT_MS = 2_000;

export interface TraceWriterDeps {
  readonly outbox: (shard: string) => Pick<TraceOutboxService, "append">;
  readonly enqueue: (text: string) => Promise<unknown>;
  readonly spill: (key: string, text: string) => Promise<unknown>;
  readonly log: Log;
}

/** `lost` only when outbox, queue and R2 are all away, which is logged and counted. */
export type TracePlace = "outbox" | "queue" | "spill" | "lost";

export interface TraceWriter {
  /** The outbox object that holds an environment's traces. */
  outboxOf(environmentId: string): string;
  /** Where the message came to rest. Never throws. */
  write(message: TraceText, outbox: string): Promise<TracePlace>;
}

/** FNV-1a: spreads environments over shards; no secret, no collision matters. */
function shardOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return traceOutboxName((hash >>> 0) % TRACE_OUTBOX_SHARDS);
}

/** The way of a trace to a durable place: the outbox; when it is away the queue; when that is away R2, where the functions Worker collects it. */
export function createTraceWriter(deps: TraceWriterDeps): TraceWriter {
  const writers = new Map<string, GroupCommit<TraceText>>();
  const writerOf = (shard: string): GroupCommit<TraceText> => {
    let writer = writers.get(shard);
    if (writer === undefined) {
      writer = new GroupCommit({
        commit: (messages) => deps.outbox(shard).append(messages),
        sizeOf: ({ text }) => text.length,
        limitMs: APPEND_LIMIT_MS,
      });
      writers.set(shard, writer);
    }
    return writer;
  };
  return {
    outboxOf: shardOf,
    async write(message, outbox) {
      const trace = { trace_id: message.traceId, outbox };
      try {
        await writerOf(outbox).append(message);
        return "outbox";
      } catch (error) {
        deps.log("warn", "trace-outbox-away", { ...trace, ...errorFields(error) });
      }
      try {
        await within(deps.enqueue(message.text), FALLBACK_LIMIT_MS);
        return "queue";
      } catch (error) {
        deps.log("warn", "trace-queue-away", { ...trace, ...errorFields(error) });
      }
      try {
        await within(deps.spill(`spill/${message.traceId}.json`, message.text), FALLBACK_LIMIT_MS);
        return "spill";
      } catch (error) {
        deps.log("error", "trace-lost", { ...trace, ...errorFields(error), count: 1 });
        return "lost";
      }
    },
  };
}

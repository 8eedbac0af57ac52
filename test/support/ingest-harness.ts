import { neon, neonConfig } from "@neondatabase/serverless";
import type { ConsumeDeps, QueueMessage } from "../../functions/ingest/consume-traces.ts";
import type { ExportName } from "../../functions/telemetry/export-name.ts";
import type { Query } from "../../functions/ingest/query.ts";

/** A queue delivery that notes its fate. */
export interface Delivery extends QueueMessage {
  fate: "acked" | { readonly delaySeconds: number } | "open";
}

export function delivery(id: string, body: unknown, attempts = 1): Delivery {
  const message: Delivery = {
    id,
    body,
    attempts,
    fate: "open",
    ack: () => {
      message.fate = "acked";
    },
    retry: ({ delaySeconds }) => {
      message.fate = { delaySeconds };
    },
  };
  return message;
}

/** Calls Neon's protocol as the Worker does. */
export function neonQuery(endpoint: string): Query {
  neonConfig.fetchEndpoint = endpoint;
  const client = neon("postgres://test:test@localhost/millrace");
  return (text, params) => client.query(text, [...params]);
}

export interface Harness {
  readonly deps: ConsumeDeps;
  readonly objects: Map<string, string>;
  readonly acknowledged: string[];
  /** Message texts that the outboxes hold, by trace id. */
  readonly shelved: Map<string, string>;
  readonly events: string[];
  /** Names on the telemetry queue. */
  readonly exported: ExportName[];
  /** From the n-th call on (from 0) of any dependency, one call throws. Undefined: none does. */
  failAt: number | undefined;
  calls: number;
}

/** Every dependency of ingestion: the real database, R2 in a map, and a counter that can make any call fail. */
export function ingestHarness(query: Query): Harness {
  const objects = new Map<string, string>();
  const acknowledged: string[] = [];
  const shelved = new Map<string, string>();
  const events: string[] = [];
  const exported: ExportName[] = [];
  const step = <A extends unknown[], R>(work: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      if (harness.calls++ === harness.failAt) throw new Error("away");
      return work(...args);
    };
  };
  const harness: Harness = {
    objects,
    acknowledged,
    shelved,
    events,
    exported,
    failAt: undefined,
    calls: 0,
    deps: {
      query: step(query),
      bodies: {
        get: step(async (key) => {
          const text = objects.get(key);
          return text === undefined ? null : { bytes: Buffer.byteLength(text), text: async () => text };
        }),
        put: step(async (key, text) => void objects.set(key, text)),
        delete: step(async (keys) => keys.forEach((key) => objects.delete(key))),
      },
      exportLater: step(async (names) => void exported.push(...names)),
      putDead: step(async (key, text) => void objects.set(key, text)),
      spill: step(async (bodies) => void objects.set(`spill/${objects.size}.ndjson`, bodies.join("\n"))),
      readShelf: step(async (_outbox, ids) =>
        ids.flatMap((traceId) => {
          const text = shelved.get(traceId);
          return text === undefined ? [] : [{ traceId, text }];
        }),
      ),
      acknowledge: step(async (outbox, ids) => void acknowledged.push(...ids.map((id) => `${outbox}:${id}`))),
      log: (_level, event) => events.push(event),
      now: () => Date.UTC(2026, 10, 22, 12),
      random: () => 0.5,
    },
  };
  return harness;
}

/** The part of an R2 bucket that the sweepers use, over the harness's map. */
export function bucketOf({ objects }: Harness) {
  return {
    list: async ({ prefix = "" }: { readonly prefix?: string } = {}) => ({
      objects: [...objects.keys()]
        .filter((key) => key.startsWith(prefix))
        .toSorted()
        .map((key) => ({ key })),
    }),
    get: async (key: string) => {
      const text = objects.get(key);
      return text === undefined ? null : { text: async () => text };
    },
    delete: async (key: string) => void objects.delete(key),
  };
}

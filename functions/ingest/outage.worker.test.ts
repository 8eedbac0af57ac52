import { env } from "cloudflare:workers";
import { reset, runInDurableObject } from "cloudflare:test";
import { neon, neonConfig } from "@neondatabase/serverless";
import { afterEach, describe, expect, inject, it } from "vitest";
import { traceMessage } from "../../test/support/trace-message.ts";
import { traceText } from "../../test/support/trace-text.ts";
import type { FunctionsEnv } from "../config.ts";
import { forwardOutbox } from "../objects/forward-outbox.ts";
import { OutboxShelf, shelfItem, shelfLimits } from "../objects/outbox-shelf.ts";
import { type ConsumeDeps, consumeTraces } from "./consume-traces.ts";
import type { Query } from "./query.ts";

const { TRACE_OUTBOX } = env as unknown as FunctionsEnv;
const MINUTE_MS = 60_000;
const TRAFFIC_MS = 12 * MINUTE_MS;
const AWAY = { fromMs: MINUTE_MS, untilMs: 11 * MINUTE_MS };
const TRACES_A_SECOND = 3;
/** The queue of a laptop lives in memory: a killed process empties it. */
const KILLED_AT_MS = 5 * MINUTE_MS;
/** More than a queue message holds: only its name travels. */
const large = { bodies: { request: { big: "x".repeat(150_000) }, rendered: null, response: null } };
const PATIENCE_MS = 40 * MINUTE_MS;

interface Held {
  readonly id: string;
  readonly body: string;
  attempts: number;
  dueMs: number;
}

/** The system in small, with one clock: a real shelf, a queue in memory, the consumer, and a database that goes away. */
class World {
  nowMs = 0;
  queue: Held[] = [];
  deliveries = 0;
  shelf: OutboxShelf;
  readonly storage: DurableObjectStorage;
  readonly query: Query;
  readonly prefix: string;
  #sent = 0;
  #seed = 1;

  constructor(storage: DurableObjectStorage, query: Query, prefix: string) {
    this.storage = storage;
    this.query = query;
    this.prefix = prefix;
    this.shelf = this.reopen();
  }

  readonly random = () => (this.#seed = (this.#seed * 48_271) % 2_147_483_647) / 2_147_483_647;

  reopen(): OutboxShelf {
    return (this.shelf = new OutboxShelf(this.storage, {
      now: () => this.nowMs,
      random: this.random,
      limits: shelfLimits,
    }));
  }

  readonly #deps: ConsumeDeps = {
    query: (text, params) => {
      if (this.nowMs >= AWAY.fromMs && this.nowMs < AWAY.untilMs)
        return Promise.reject(new Error("connection refused"));
      return this.query(text, params);
    },
    bodies: {
      get: () => Promise.reject(new Error("no bodies in this test")),
      put: () => Promise.reject(new Error("no bodies in this test")),
      delete: () => Promise.reject(new Error("no bodies in this test")),
    },
    exportLater: async () => undefined,
    putDead: () => Promise.reject(new Error("nothing dies in this test")),
    spill: () => Promise.reject(new Error("nothing spills in this test")),
    readShelf: async (_outbox, traceIds) => this.shelf.texts(traceIds),
    acknowledge: async (_outbox, traceIds) => this.shelf.remove(traceIds),
    log: () => undefined,
    now: () => this.nowMs,
    random: this.random,
  };

  append(): void {
    const fresh = Array.from(
      { length: TRACES_A_SECOND },
      () => `${this.prefix}${String(this.#sent++).padStart(6, "0")}`,
    );
    this.shelf.add(fresh.map((id) => shelfItem(traceText(traceMessage(id, id.endsWith("00") ? large : {})))));
  }

  async forward(): Promise<void> {
    await forwardOutbox({
      shelf: this.shelf,
      sendBatch: async (bodies) => {
        for (const body of bodies)
          this.queue.push({ id: String(this.deliveries++), body, attempts: 0, dueMs: this.nowMs });
      },
      spill: () => Promise.reject(new Error("nothing spills in this test")),
      log: () => undefined,
      outbox: "outbox-0",
    });
  }

  async consume(): Promise<void> {
    const due = this.queue.filter((held) => held.dueMs <= this.nowMs).slice(0, 400);
    for (let from = 0; from < due.length; from += 100) {
      const messages = due.slice(from, from + 100).map((held) => {
        held.attempts++;
        return {
          ...held,
          ack: () => void (held.dueMs = Number.POSITIVE_INFINITY),
          retry: (options: { readonly delaySeconds: number }) =>
            void (held.dueMs = this.nowMs + options.delaySeconds * 1000),
        };
      });
      await consumeTraces({ queue: "millrace-traces", messages }, this.#deps);
    }
    this.queue = this.queue.filter((held) => held.dueMs !== Number.POSITIVE_INFINITY);
  }

  async run(): Promise<void> {
    for (; this.nowMs < PATIENCE_MS; this.nowMs += 1000) {
      if (this.nowMs < TRAFFIC_MS) this.append();
      else if (this.shelf.size().rows === 0 && this.queue.length === 0) return;
      if (this.nowMs === KILLED_AT_MS) {
        this.queue = [];
        this.reopen();
      }
      await this.forward();
      await this.consume();
    }
  }

  get appended(): number {
    return this.#sent;
  }
}

describe.each(inject("databases"))("ten minutes without $name under traffic", ({ name, neonFetchEndpoint }) => {
  afterEach(async () => reset());

  it("lose no trace, store none twice, bury none, and leave nothing behind once it is back", async () => {
    neonConfig.fetchEndpoint = neonFetchEndpoint;
    const client = neon("postgres://test:test@localhost/millrace");
    const query: Query = (text, params) => client.query(text, [...params]);
    const prefix = `outage_${name}_`;
    const recovery = await runInDurableObject(TRACE_OUTBOX.getByName("outbox-outage"), async (_instance, state) => {
      const world = new World(state.storage, query, prefix);
      await world.run();
      return { endedMs: world.nowMs, appended: world.appended, left: world.shelf.size().rows + world.queue.length };
    });
    expect(recovery).toMatchObject({ left: 0, appended: (TRAFFIC_MS / 1000) * TRACES_A_SECOND });
    expect(recovery.endedMs).toBeLessThan(PATIENCE_MS);
    const [stored] = await query(
      `select (select count(distinct id) from traces where id like $1) as traces,
              (select count(*) from traces where id like $1) as rows,
              (select count(*) from spans where trace_id like $1) as spans,
              (select count(*) from dead_letters where queue = 'millrace-traces') as dead`,
      [`${prefix}%`],
    );
    const all = String(recovery.appended);
    expect(stored).toEqual({ traces: all, rows: all, spans: String(2 * recovery.appended), dead: "0" });
  });
});

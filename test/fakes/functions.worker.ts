import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import type { BundlePointer, Principal, TraceMessage, TraceText } from "@millrace/core/contract";
import type { FunctionsEnv } from "../../functions/config.ts";
import { log } from "../../functions/log.ts";
import { expire } from "../../functions/objects/expire.ts";
import { SettlementDesk } from "../../functions/objects/settlement-desk.ts";

// Budgets are the real thing also here: it is the traces' way behind the outbox that is not.
export { Ledger } from "../../functions/objects/ledger.ts";

/**
 * The functions Worker as the gateway's tests need it: the same RPC surface, all state in memory, and each part can be told to be away or to
 * hang. The test speaks to it through `fetch`.
 */
type Mode = "well" | "away" | "hang";
/** `drop`: takes messages and forgets them, for who sends many. */
type OutboxMode = Mode | "drop";
const state = {
  hub: "well" as Mode,
  outbox: "well" as OutboxMode,
  pointers: new Map<string, BundlePointer>(),
  bundles: new Map<string, string>(),
  traces: [] as TraceMessage[],
  batches: [] as number[],
  queued: [] as TraceMessage[],
};

async function pass(mode: OutboxMode): Promise<void> {
  if (mode === "away") throw new Error("away, as the test says");
  if (mode === "hang") await new Promise(() => undefined);
}

export class ConfigHub extends DurableObject {
  async current(): Promise<BundlePointer | null> {
    await pass(state.hub);
    return state.pointers.get(this.ctx.id.name ?? "") ?? null;
  }

  async bundle(hash: string): Promise<string | null> {
    await pass(state.hub);
    return state.bundles.get(hash) ?? null;
  }
}

export class TraceOutbox extends DurableObject<FunctionsEnv> {
  readonly #settlements = new SettlementDesk(this.ctx.storage.sql, {
    ledger: (name) => this.env.LEDGER.getByName(name),
    outbox: () => this.ctx.id.name ?? "",
    nowMs: Date.now,
    expire,
    log,
  });

  async append(messages: readonly TraceText[]): Promise<void> {
    await pass(state.outbox);
    this.#settlements.add(messages.flatMap(({ settlement }) => settlement ?? []));
    this.ctx.waitUntil(this.#settlements.deliver());
    if (state.outbox === "drop") return;
    state.traces.push(...messages.map(({ text }) => JSON.parse(text) as TraceMessage));
    state.batches.push(messages.length);
  }

  async read(): Promise<readonly TraceText[]> {
    await pass(state.outbox);
    return [];
  }
}

export class ControlApi extends WorkerEntrypoint {
  async handle(request: Request, principal: Principal): Promise<Response> {
    const { pathname } = new URL(request.url);
    return Response.json({ path: pathname, principal, authorization: request.headers.get("authorization") });
  }

  async countTokens(_tokenizer: string, texts: readonly string[]): Promise<readonly number[]> {
    return texts.map((text) => text.split(/\s+/).length);
  }

  async ready(): Promise<{ database: boolean }> {
    return { database: true };
  }
}

interface Order {
  readonly hub?: Mode;
  readonly outbox?: OutboxMode;
  readonly pointer?: BundlePointer;
  readonly bundle?: { readonly hash: string; readonly text: string };
}

export default {
  async fetch(request: Request): Promise<Response> {
    if (request.method === "POST") {
      const order = (await request.json()) as Order;
      state.hub = order.hub ?? state.hub;
      state.outbox = order.outbox ?? state.outbox;
      if (order.bundle !== undefined) state.bundles.set(order.bundle.hash, order.bundle.text);
      if (order.pointer !== undefined) state.pointers.set(order.pointer.environmentId, order.pointer);
    }
    return Response.json({ traces: state.traces, batches: state.batches, queued: state.queued });
  },
  async queue(batch: { readonly messages: readonly { readonly body: string }[] }): Promise<void> {
    state.queued.push(...batch.messages.map((message) => JSON.parse(message.body) as TraceMessage));
  },
};

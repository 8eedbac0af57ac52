import type { BundlePointer } from "./bundle.ts";
import type { Principal } from "./permission.ts";
import type { Tokenizer } from "./tokenizer.ts";

/**
 * What the functions Worker offers the gateway over a service binding (entrypoint `ControlApi`); no one else can reach it.
 * The gateway never holds database credentials.
 */
export interface ControlService {
  /** Answers one request under `/api/v1`; the principal is the gateway's word, never the caller's. */
  handle(request: Request, principal: Principal): Promise<Response>;
  /** How many tokens each text has. Here, because a vocabulary takes more time and memory to load than the gateway has to spare. */
  countTokens(tokenizer: Tokenizer, texts: readonly string[]): Promise<readonly number[]>;
  /** Answers when the functions Worker runs; says whether its database does. */
  ready(): Promise<{ readonly database: boolean }>;
}

export type PublishOutcome = { readonly ok: true } | { readonly ok: false; readonly currentEpoch: number };

/** One object per environment: the mutable pointer, and its own copy of the bundle for when KV does not have it yet. */
export interface ConfigHubService {
  current(): Promise<BundlePointer | null>;
  /** The bundle's canonical JSON, or null when this hub never held it or has dropped it. */
  bundle(hash: string): Promise<string | null>;
  /** Compare-and-set on the epoch: accepted when it is greater than the current one. Idempotent for an equal pointer. */
  publish(pointer: BundlePointer, bundleJson: string): Promise<PublishOutcome>;
}

/** A trace message on its way: the JSON text of a `TraceMessage`, made once where the trace was, and the id that it is known by. */
export interface TraceText {
  readonly traceId: string;
  /** On one line. */
  readonly text: string;
  /** What the exchange took of its budgets, for the ledger that holds its reservation; undefined where the gateway has settled it, or no budget applies. */
  readonly settlement?: SettlementText | undefined;
}

/** A settlement on its way: the JSON text of a `Settlement`, and the name of its ledger's object. */
export interface SettlementText {
  readonly ledger: string;
  readonly text: string;
}

/**
 * A durable shelf between the gateway and the queue: an appended trace survives a killed process and an absent database. What came with it for a
 * ledger is handed on from here, once.
 */
export interface TraceOutboxService {
  /** Returns once every message is on disk, its settlement too. Idempotent by trace id. */
  append(messages: readonly TraceText[]): Promise<void>;
  /** Those of the messages that are still held; one that is not is safe elsewhere. */
  read(traceIds: readonly string[]): Promise<readonly TraceText[]>;
  /** Drops messages that Postgres (or the dead-letter store) now holds. */
  acknowledge(traceIds: readonly string[]): Promise<void>;
}

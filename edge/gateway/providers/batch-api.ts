import type { JsonObject, MillraceError, Provider, Surface } from "@millrace/core/contract";
import type { Fields } from "../json/vendor-json.ts";
import type { ModelCall } from "../exchange/model-call.ts";

/** The way to a provider's batch API, guarded as every call of a provider is. */
export interface BatchLink {
  readonly provider: Provider;
  readonly secret: string | undefined;
  readonly nowMs: () => number;
  /**
   * A 2xx answer. `isTransfer`: whole files travel, which takes minutes instead of seconds.
   * @throws MillraceError of the catalogue's `upstream-*` codes.
   */
  send(url: string, init?: RequestInit, isTransfer?: boolean): Promise<Response>;
}

/** A batch as it is handed over. */
export interface BatchOrder {
  /** Unique, of letters, digits and `_`: what the provider's side of it is found by. */
  readonly name: string;
  /** Of OpenAI's API: `/v1/chat/completions`, … */
  readonly endpoint: string;
  readonly model: string;
  /** Requests in it. */
  readonly lines: number;
  /** When it was first tried to hand it over. Milliseconds since the epoch. */
  readonly sinceMs: number;
  /** The requests as they are staged. @throws MillraceError `unknown-resource` when they are gone. */
  readonly open: () => Promise<BatchInput>;
}

export interface BatchInput {
  readonly body: ReadableStream<Uint8Array>;
  readonly bytes: number;
}

/** How a provider says that a batch stands. */
export interface BatchState {
  readonly id: string;
  /** Nothing more is done for it; there may be results all the same. */
  readonly isOver: boolean;
  /** Where its results lie, in the provider's words. */
  readonly results: readonly string[];
}

export interface FoundBatch {
  readonly state: BatchState;
  readonly isCertain: boolean;
}

/** One request's result: as the provider answered it, in OpenAI's form, or why it did not. */
export interface BatchResult {
  /** The request's place in the order, from 0. */
  readonly n: number;
  readonly told:
    | { readonly kind: "answer"; readonly status: number; readonly body: JsonObject }
    | { readonly kind: "error"; readonly error: MillraceError };
}

/** Of which order a result is read, and when. */
export interface ReadAt extends Pick<BatchOrder, "name" | "model"> {
  readonly nowMs: number;
}

/** What stands before, between and after the requests in what is sent. */
export interface BatchFrame {
  readonly head: string;
  readonly between: string;
  readonly tail: string;
}

/** What a batch has left at its provider: what was uploaded, and the batch, if it was made. */
export interface Leftovers {
  readonly inputId: string | undefined;
  readonly state: BatchState | undefined;
}

/** How a provider's own batch API is spoken to. All that returns a promise throws MillraceError `upstream-*`. */
export interface BatchApi {
  /** What it answers. */
  readonly surfaces: ReadonlySet<Surface>;
  readonly frame: BatchFrame;
  /** Whether this provider, as it is set up, has it. */
  offeredBy(provider: Provider): boolean;
  /** One request as the frame holds it, JSON text on one line. @throws MillraceError for what cannot be said in a batch. */
  requestOf(call: ModelCall, at: Pick<BatchOrder, "name" | "endpoint"> & { readonly n: number }): string;
  /** Sends the requests ahead of the order, and returns what they are known by there; absent = the order carries them. */
  upload?(order: BatchOrder, link: BatchLink): Promise<string>;
  /** @param inputId what `upload` returned */
  create(order: BatchOrder, inputId: string | undefined, link: BatchLink): Promise<BatchState>;
  /** A batch that an answer which was lost had told of. `isCertain`: it is this one and no other. */
  find(order: BatchOrder, inputId: string | undefined, link: BatchLink): Promise<FoundBatch | undefined>;
  read(id: string, link: BatchLink): Promise<BatchState>;
  /** It may be over already. */
  cancel(id: string, link: BatchLink): Promise<void>;
  /** JSON lines. */
  results(result: string, link: BatchLink): Promise<ReadableStream<Uint8Array>>;
  /** Undefined = the line is no result of this batch. */
  readResult(line: Fields, at: ReadAt): BatchResult | undefined;
  /** Addresses of what is of no more use there. */
  leftovers(of: Leftovers, provider: Provider): readonly string[];
  /** Headers of every call. */
  headers(link: Pick<BatchLink, "provider" | "secret">): Readonly<Record<string, string>>;
}

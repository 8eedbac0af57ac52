import { isMillraceError, MillraceError } from "@millrace/core/contract";
import { ObjectWriter } from "../../files/object-writer.ts";
import type { BatchApi, BatchInput, BatchLink, BatchOrder, BatchState } from "../../providers/batch-api.ts";
import { withoutSecret } from "../../providers/openai-wire/classify-failure.ts";
import { providerRegistry } from "../../providers/registry.ts";
import { formerAdmission } from "../admit-key.ts";
import type { BatchRecord, NativeBatch } from "../batch-record.ts";
import type { BatchWorkerDeps, NativeRunner } from "../batch-worker.ts";
import { readLines } from "../read-lines.ts";
import { createBatchLink } from "./batch-link.ts";
import { bookResult } from "./book-result.ts";
import { stageRequests } from "./stage-requests.ts";

/** The first look at a batch that was just handed over; each later one waits twice as long, up to the longest. */
const FIRST_POLL_MS = 1_000;
const LONGEST_POLL_MS = 60_000;
/** Results of one alarm: each is a few calls, and a Worker may make a thousand for one event. */
const LINES_PER_STEP = 150;
/** One result: an answer of the greatest length, with what is around it. */
const MAX_RESULT_BYTES = 32 * 1024 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export type NativeRunnerDeps = Omit<BatchWorkerDeps, "native"> & {
  readonly bucket: R2Bucket;
  readonly allowedPrivateHosts: readonly string[];
  readonly fetch: typeof fetch;
};

type Update = (native: NativeBatch | "no") => void;

interface Connection {
  readonly api: BatchApi;
  readonly link: BatchLink;
}

/** Whether a refusal is the provider's last word, and the lines are asked one by one instead. */
function isRefusal(cause: unknown): boolean {
  return isMillraceError(cause) && !cause.retryable;
}

/** What is of no more use at the provider. Never throws. */
async function removeAll(addresses: readonly string[], link: BatchLink): Promise<void> {
  const remove = (url: string) => link.send(url, { method: "DELETE" }).then((response) => response.body?.cancel());
  await Promise.allSettled(addresses.map(remove));
}

/** Hands a batch of one model to its provider's own batch API, and books what came of it. */
class Runner implements NativeRunner {
  readonly #deps: NativeRunnerDeps;

  constructor(deps: NativeRunnerDeps) {
    this.#deps = deps;
  }

  async step(record: BatchRecord, update: Update): Promise<number | undefined> {
    const { native } = record;
    if (native === "no") return undefined;
    try {
      if (native === "untried") return await this.#handOver(record, update);
      if (native.batchId === undefined) return await this.#create(native, record, update);
      if (native.collected !== undefined) return await this.#collect(native, record, update);
      return await this.#look(native, record, update);
    } catch (cause) {
      // Once it is handed over its results are billed: only a refusal to take it sends it elsewhere, and one that was perhaps another's.
      const taken = typeof native === "object" && native.batchId !== undefined && native.isGuess !== true;
      if (taken || !isRefusal(cause)) throw cause;
      return this.#giveUp(record, update);
    }
  }

  async cancel(record: BatchRecord): Promise<void> {
    const { native } = record;
    if (typeof native !== "object" || native.batchId === undefined || native.collected !== undefined) return;
    if (native.isGuess === true) return;
    const at = await this.#connect(native, record);
    await at?.api.cancel(native.batchId, at.link).catch((cause: unknown) => {
      // It may be over already.
      if (!isRefusal(cause)) throw cause;
    });
  }

  /** The lines are asked one by one. */
  async #giveUp(record: BatchRecord, update: Update): Promise<undefined> {
    const { native } = record;
    const isUploaded = typeof native === "object" && native.batchId === undefined;
    const at = isUploaded ? await this.#connect(native, record) : undefined;
    update("no");
    if (at !== undefined && isUploaded) {
      const uploaded = { inputId: native.inputFileId, state: undefined };
      await removeAll(at.api.leftovers(uploaded, at.link.provider), at.link);
    }
    await this.#deps.bucket.delete(this.#staged(record, "in"));
  }

  #staged({ batch, identity }: BatchRecord, what: "in" | "out"): string {
    return `batch-native/${identity.projectId}/${identity.environmentId}/${batch.id}-${what}`;
  }

  async #open(record: BatchRecord): Promise<BatchInput> {
    const staged = await this.#deps.bucket.get(this.#staged(record, "in"));
    if (!staged) throw new MillraceError("unknown-resource", { message: "The staged requests are gone." });
    return { body: staged.body as ReadableStream<Uint8Array>, bytes: staged.size };
  }

  #order(native: Pick<NativeBatch, "model" | "lines" | "sinceMs">, record: BatchRecord): BatchOrder {
    const { id: name, endpoint } = record.batch;
    const { model, lines, sinceMs } = native;
    return { name, endpoint, model, lines, sinceMs, open: () => this.#open(record) };
  }

  /** Undefined when the provider is not there any more. */
  async #connect(
    { provider: name, secretName }: Pick<NativeBatch, "provider" | "secretName">,
    { identity }: BatchRecord,
  ): Promise<Connection | undefined> {
    const { pipeline, keepAlive } = this.#deps;
    const admission = await formerAdmission(identity, keepAlive, pipeline);
    const providers = admission?.config.bundle.providers ?? {};
    const provider = Object.hasOwn(providers, name) ? providers[name] : undefined;
    const api = provider && providerRegistry[provider.kind].batches;
    if (admission === undefined || provider === undefined || api === undefined) return undefined;
    const slug = admission.principal.projectSlug;
    const secret = secretName === undefined ? undefined : pipeline.secret(slug, secretName);
    return { api, link: createBatchLink({ api, provider, secret }, this.#deps) };
  }

  async #handOver(record: BatchRecord, update: Update): Promise<number | undefined> {
    const { nowMs } = this.#deps;
    const staged = await stageRequests(record, this.#staged(record, "in"), this.#deps);
    if (staged === undefined) return this.#giveUp(record, update);
    const { target, lines } = staged;
    const { provider } = target;
    const named = {
      provider: provider.name,
      kind: provider.kind,
      secretName: provider.secrets?.[0] ?? provider.secret,
    };
    const at = await this.#connect(named, record);
    if (at === undefined) return this.#giveUp(record, update);
    const order = { model: target.model, lines, sinceMs: nowMs() };
    const inputFileId = await at.api.upload?.(this.#order(order, record), at.link);
    update({ ...named, ...order, inputFileId, batchId: undefined, polls: 0, collected: undefined });
    return nowMs();
  }

  async #create(native: NativeBatch, record: BatchRecord, update: Update): Promise<number | undefined> {
    const { bucket, nowMs } = this.#deps;
    const at = await this.#connect(native, record);
    if (at === undefined) return this.#giveUp(record, update);
    const order = this.#order(native, record);
    // A first try that broke off may have been heard.
    const known = native.polls > 0 ? await at.api.find(order, native.inputFileId, at.link) : undefined;
    const isCancelled = record.batch.status === "cancelling";
    if (isCancelled && known === undefined) return this.#giveUp(record, update);
    update({ ...native, polls: 1 });
    const state = known?.state ?? (await this.#make(native, { ...at, order }, update));
    const isGuess = known?.isCertain === false;
    const taken = { ...native, batchId: state.id, polls: 0, ...(isGuess ? { isGuess } : {}) };
    // Nobody knew of it when it was cancelled here.
    if (isCancelled) await this.cancel({ ...record, native: taken });
    update(taken);
    await bucket.delete(this.#staged(record, "in"));
    return nowMs() + FIRST_POLL_MS;
  }

  /** Makes the batch. Who is told to come back later has made none. */
  async #make(
    native: NativeBatch,
    { api, link, order }: Connection & { readonly order: BatchOrder },
    update: Update,
  ): Promise<BatchState> {
    try {
      return await api.create(order, native.inputFileId, link);
    } catch (cause) {
      if (isMillraceError(cause) && cause.code === "upstream-overloaded") update({ ...native, polls: 0 });
      throw cause;
    }
  }

  async #look(native: NativeBatch, record: BatchRecord, update: Update): Promise<number | undefined> {
    const { nowMs, bucket } = this.#deps;
    const at = await this.#connect(native, record);
    if (at === undefined || native.batchId === undefined) return this.#giveUp(record, update);
    const state = await at.api.read(native.batchId, at.link);
    if (!state.isOver) {
      update({ ...native, polls: native.polls + 1 });
      return nowMs() + Math.min(LONGEST_POLL_MS, FIRST_POLL_MS * 2 ** native.polls);
    }
    const writer = new ObjectWriter(bucket, this.#staged(record, "out"));
    for (const result of state.results) {
      for await (const piece of await at.api.results(result, at.link)) await writer.write(piece);
      // Files end with a line feed, but nobody promises it.
      await writer.write(encoder.encode("\n"));
    }
    await writer.finish();
    update({ ...native, collected: 0 });
    if (native.isGuess !== true) {
      const { inputFileId: inputId } = native;
      await removeAll(at.api.leftovers({ inputId, state }, at.link.provider), at.link);
    }
    return nowMs();
  }

  async #collect(native: NativeBatch, record: BatchRecord, update: Update): Promise<number | undefined> {
    const { bucket, nowMs } = this.#deps;
    const api = providerRegistry[native.kind].batches;
    const secret = (await this.#connect(native, record))?.link.secret;
    const key = this.#staged(record, "out");
    const offset = native.collected ?? 0;
    const size = (await bucket.head(key))?.size ?? 0;
    if (offset >= size || api === undefined) {
      update("no");
      await bucket.delete(key);
      return undefined;
    }
    const rest = await bucket.get(key, { range: { offset } });
    let collected = offset;
    let lines = 0;
    for await (const { start, length, bytes } of readLines(
      rest?.body as ReadableStream<Uint8Array>,
      MAX_RESULT_BYTES,
    )) {
      const text = withoutSecret(decoder.decode(bytes).trim(), secret);
      if (text !== "") await bookResult(text, { native, record, api }, this.#deps);
      collected = offset + start + length + 1;
      if (++lines >= LINES_PER_STEP) break;
    }
    update({ ...native, collected: Math.max(collected, offset + 1) });
    return nowMs();
  }
}

/** The part of batches that providers do themselves. */
export function createNativeRunner(deps: NativeRunnerDeps): NativeRunner {
  return new Runner(deps);
}

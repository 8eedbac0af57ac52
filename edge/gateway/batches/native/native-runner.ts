import { isMillraceError, MAX_BODY_BYTES, type JsonObject, newId } from "@millrace/core/contract";
import { sha256Hex } from "@millrace/core/content";
import type { PlannedTarget } from "../../exchange/target.ts";
import { asFields, asText } from "../../json/vendor-json.ts";
import type { PipelineDeps } from "../../pipeline/pipeline-deps.ts";
import { providerRegistry } from "../../providers/registry.ts";
import { summariseWhole } from "../../stream/summarise-whole.ts";
import { admitKey, formerAdmission } from "../admit-key.ts";
import type { BatchRecord, NativeBatch } from "../batch-record.ts";
import type { BatchWorkerDeps, NativeRunner } from "../batch-worker.ts";
import { readLine } from "../read-line.ts";
import { readLines } from "../read-lines.ts";
import { answeredLine, lineId } from "../result-line.ts";
import { ObjectWriter } from "../../files/object-writer.ts";
import { BatchClient } from "./batch-client.ts";
import { type NativeEndpoint, nativeDialects, resolveLine } from "./resolve-line.ts";

/** The first look at a batch that was just handed over; each later one waits twice as long, up to the longest. */
const FIRST_POLL_MS = 1_000;
const LONGEST_POLL_MS = 60_000;
/** Results of one alarm: each is a few calls, and a Worker may make a thousand for one event. */
const LINES_PER_STEP = 150;
/** One result: an answer of the greatest length, with what is around it. */
const MAX_RESULT_BYTES = 32 * 1024 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const over: ReadonlySet<string> = new Set(["completed", "failed", "expired", "cancelled"]);

export type NativeRunnerDeps = Omit<BatchWorkerDeps, "native"> & {
  readonly bucket: R2Bucket;
  readonly allowedPrivateHosts: readonly string[];
  readonly fetch: typeof fetch;
};

type Update = (native: NativeBatch | "no") => void;

interface Handed {
  readonly target: PlannedTarget;
  readonly bytes: number;
}

function isNativeEndpoint(endpoint: string): endpoint is NativeEndpoint {
  return Object.hasOwn(nativeDialects, endpoint);
}

/** Whether a refusal is the provider's last word, and the lines are asked one by one instead. */
function isRefusal(cause: unknown): boolean {
  return isMillraceError(cause) && !cause.retryable;
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
      // Once it is handed over its results are billed: only a refusal to take it sends it elsewhere.
      const taken = typeof native === "object" && native.batchId !== undefined;
      if (taken || !isRefusal(cause)) throw cause;
      update("no");
      return undefined;
    }
  }

  async cancel(record: BatchRecord): Promise<void> {
    const { native } = record;
    if (typeof native !== "object" || native.batchId === undefined || native.collected !== undefined) return;
    await (await this.#client(native, record))?.cancel(native.batchId).catch((cause: unknown) => {
      // It may be over already.
      if (!isRefusal(cause)) throw cause;
    });
  }

  #staged({ batch, identity }: BatchRecord, what: "in" | "out"): string {
    return `batch-native/${identity.projectId}/${identity.environmentId}/${batch.id}-${what}`;
  }

  /** Undefined when the provider is not there any more. */
  async #client(
    { provider: name, secretName }: Pick<NativeBatch, "provider" | "secretName">,
    { identity }: BatchRecord,
  ): Promise<BatchClient | undefined> {
    const { pipeline, keepAlive } = this.#deps;
    const admission = await formerAdmission(identity, keepAlive, pipeline);
    const providers = admission?.config.bundle.providers ?? {};
    const provider = Object.hasOwn(providers, name) ? providers[name] : undefined;
    const dialect = provider && providerRegistry[provider.kind].batches;
    if (admission === undefined || provider === undefined || dialect === undefined) return undefined;
    const slug = admission.principal.projectSlug;
    const secret = secretName === undefined ? undefined : pipeline.secret(slug, secretName);
    return new BatchClient({ provider, dialect, secret }, this.#deps);
  }

  async #handOver(record: BatchRecord, update: Update): Promise<number | undefined> {
    const { batch } = record;
    const { bucket, nowMs } = this.#deps;
    const key = this.#staged(record, "in");
    const handed = isNativeEndpoint(batch.endpoint) ? await this.#stage(record, batch.endpoint, key) : undefined;
    const provider = handed?.target.provider;
    const named = provider && { provider: provider.name, secretName: provider.secrets?.[0] ?? provider.secret };
    const client = named && (await this.#client(named, record));
    const staged = client && (await bucket.get(key));
    if (handed === undefined || named === undefined || client === undefined || !staged) {
      update("no");
      return undefined;
    }
    const body = staged.body as ReadableStream<Uint8Array>;
    const inputFileId = await client.upload(body, handed.bytes, batch.id);
    const native = {
      ...named,
      model: handed.target.model,
      inputFileId,
      batchId: undefined,
      polls: 0,
      collected: undefined,
    };
    update(native);
    await bucket.delete(key);
    return nowMs();
  }

  /** Writes the lines as the provider gets them; undefined where they cannot be handed over as one. */
  async #stage(record: BatchRecord, endpoint: NativeEndpoint, key: string): Promise<Handed | undefined> {
    const { files, pipeline, keepAlive, bucket } = this.#deps;
    const { batch, identity, onlyModel } = record;
    const admission = await admitKey(identity, keepAlive, pipeline);
    if (admission === undefined || onlyModel === undefined) return undefined;
    // A budget that may refuse is asked for each line, before it is sent.
    if (admission.config.bundle.budgets.some((budget) => budget.on_exceed === "block")) return undefined;
    const writer = new ObjectWriter(bucket, key);
    let first: PlannedTarget | undefined;
    let n = 0;
    for await (const { bytes } of readLines(await files.content(identity, batch.input_file_id), MAX_BODY_BYTES)) {
      const text = decoder.decode(bytes).trim();
      if (text === "") continue;
      const verdict = readLine(text, endpoint);
      if (!verdict.ok) return undefined;
      const { prepared } = await resolveLine(
        { batchId: batch.id, endpoint, line: verdict.line, admission },
        this.#deps,
      );
      const [target] = prepared.resolution.candidates;
      first ??= target;
      const dialect = providerRegistry[target.provider.kind].batches;
      const same = target.provider.name === first.provider.name && target.model === first.model;
      if (dialect === undefined || !same) {
        await writer.abort();
        return undefined;
      }
      const body = dialect.bodyOf(prepared.resolution.callFor(target));
      const head = JSON.stringify({ custom_id: String(n), method: "POST", url: endpoint });
      await writer.write(encoder.encode(`${head.slice(0, -1)},"body":${body.replaceAll(/[\r\n]+/g, " ")}}\n`));
      n += 1;
    }
    await writer.finish();
    return first === undefined ? undefined : { target: first, bytes: writer.bytes };
  }

  async #create(native: NativeBatch, record: BatchRecord, update: Update): Promise<number | undefined> {
    const client = await this.#client(native, record);
    if (client === undefined) {
      update("no");
      return undefined;
    }
    // A first try that broke off may have been heard.
    const known = record.failures > 0 || native.polls > 0 ? await client.findByInput(native.inputFileId) : undefined;
    update({ ...native, polls: 1 });
    const state = known ?? (await client.create(native.inputFileId, record.batch.endpoint));
    update({ ...native, batchId: state.id, polls: 0 });
    return this.#deps.nowMs() + FIRST_POLL_MS;
  }

  async #look(native: NativeBatch, record: BatchRecord, update: Update): Promise<number | undefined> {
    const { nowMs, bucket } = this.#deps;
    const client = await this.#client(native, record);
    if (client === undefined || native.batchId === undefined) {
      update("no");
      return undefined;
    }
    const state = await client.read(native.batchId);
    if (!over.has(state.status)) {
      update({ ...native, polls: native.polls + 1 });
      return nowMs() + Math.min(LONGEST_POLL_MS, FIRST_POLL_MS * 2 ** native.polls);
    }
    const writer = new ObjectWriter(bucket, this.#staged(record, "out"));
    for (const fileId of state.fileIds) {
      for await (const piece of await client.content(fileId)) await writer.write(piece);
      // Files end with a line feed, but nobody promises it.
      await writer.write(encoder.encode("\n"));
    }
    await writer.finish();
    update({ ...native, collected: 0 });
    await Promise.all([native.inputFileId, ...state.fileIds].map((fileId) => client.removeFile(fileId)));
    return nowMs();
  }

  async #collect(native: NativeBatch, record: BatchRecord, update: Update): Promise<number | undefined> {
    const { bucket, nowMs } = this.#deps;
    const key = this.#staged(record, "out");
    const offset = native.collected ?? 0;
    const size = (await bucket.head(key))?.size ?? 0;
    if (offset >= size) {
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
      const text = decoder.decode(bytes).trim();
      if (text !== "") await this.#book(text, native, record);
      collected = offset + start + length + 1;
      if (++lines >= LINES_PER_STEP) break;
    }
    update({ ...native, collected: Math.max(collected, offset + 1) });
    return nowMs();
  }

  /** One line of the provider's results. What a second try may help stays open, and is asked by itself. */
  async #book(text: string, native: NativeBatch, record: BatchRecord): Promise<void> {
    const { book, files } = this.#deps;
    const { batch, identity } = record;
    let result: Readonly<Record<string, unknown>> | undefined;
    try {
      result = asFields(JSON.parse(text));
    } catch {
      return;
    }
    const place = book.line(Number(asText(result?.["custom_id"]) ?? Number.NaN));
    const response = asFields(result?.["response"]);
    const status = response?.["status_code"];
    const body = asFields(response?.["body"]) as JsonObject | undefined;
    if (place === undefined || typeof status !== "number" || body === undefined || status === 429 || status >= 500)
      return;
    const range = { offset: place.start, length: place.length };
    const asked = await new Response(await files.content(identity, batch.input_file_id, range)).text();
    const verdict = readLine(asked, batch.endpoint);
    if (!verdict.ok || !isNativeEndpoint(batch.endpoint)) return;
    const requestId = await this.#trace({ native, record, n: place.n, status, body, line: verdict.line });
    const named = { id: lineId(batch.id, place.n), customId: place.customId };
    const told = answeredLine(named, { status, requestId, body: JSON.stringify(body) });
    book.finish(place.n, status < 400 ? "completed" : "failed", told);
  }

  /** The trace of a line that its provider answered in a batch of its own; the same however often it is made. */
  async #trace(of: {
    readonly native: NativeBatch;
    readonly record: BatchRecord;
    readonly n: number;
    readonly status: number;
    readonly body: JsonObject;
    readonly line: Parameters<typeof resolveLine>[0]["line"];
  }): Promise<string> {
    const { native, record, n, status, body, line } = of;
    const { batch, identity } = record;
    const { keepAlive, pipeline } = this.#deps;
    const random = sha256Hex(`${batch.id} ${n}`).match(/../g) ?? [];
    const traceId = newId("trace", {
      nowMs: batch.created_at * 1000,
      random: Uint8Array.from(random, (byte) => Number.parseInt(byte, 16)),
    });
    const admission = await formerAdmission(identity, keepAlive, pipeline);
    if (admission === undefined || !isNativeEndpoint(batch.endpoint)) return traceId;
    const once: PipelineDeps = { ...pipeline, newTraceId: () => traceId };
    const asked = { batchId: batch.id, endpoint: batch.endpoint, line, admission };
    const { run, prepared } = await resolveLine(asked, { pipeline: once, keepAlive });
    const target = prepared.resolution.candidates.find(
      (candidate) => candidate.provider.name === native.provider && candidate.model === native.model,
    );
    const counted = summariseWhole(prepared.resolution.surface, body);
    const usage = counted.usage && { ...counted.usage, serviceTier: "batch" };
    const summary = { ...counted, usage };
    const isOk = status < 400;
    // It was answered already: what a budget of today says cannot undo it.
    await run
      .hold(prepared)
      ?.confirm()
      .catch(() => undefined);
    if (target !== undefined) {
      run.attempts.begin();
      run.attempts.add({
        target,
        secretName: native.secretName,
        kind: "first",
        outcome: isOk ? "ok" : "failed",
        errorCode: isOk ? undefined : "upstream-rejected",
        httpStatus: status,
        startedAtMs: run.timeline.startedAtMs,
        firstTokenMs: undefined,
        receivedChars: 0,
        usage,
      });
      if (isOk) run.attempts.answers(target);
    }
    await run.conclude(prepared, {
      status: isOk ? "ok" : "error",
      httpStatus: status,
      error: undefined,
      summary,
      firstTokenMs: undefined,
    });
    return traceId;
  }
}

/** The part of batches that providers do themselves. */
export function createNativeRunner(deps: NativeRunnerDeps): NativeRunner {
  return new Runner(deps);
}

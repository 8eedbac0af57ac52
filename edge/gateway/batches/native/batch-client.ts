import { MillraceError, type Provider } from "@millrace/core/contract";
import { asFields, asList, asText, type Fields } from "../../json/vendor-json.ts";
import { classifyFailure } from "../../providers/openai-wire/classify-failure.ts";
import { retryAfterOf } from "../../providers/openai-wire/retry-after-of.ts";
import type { BatchDialect } from "../../providers/provider.ts";
import { createGuardedFetch } from "../../stages/dispatch/guarded-fetch.ts";

/** A question about a batch. Milliseconds. */
const ASK_LIMIT_MS = 30_000;
/** A whole file of requests or answers. */
const TRANSFER_LIMIT_MS = 600_000;

export interface BatchClientDeps {
  readonly fetch: typeof fetch;
  readonly allowedPrivateHosts: readonly string[];
  readonly nowMs: () => number;
}

export interface BatchClientOf {
  readonly provider: Provider;
  readonly dialect: BatchDialect;
  readonly secret: string | undefined;
}

/** How a provider says that a batch stands. */
export interface NativeState {
  readonly id: string;
  readonly status: string;
  readonly fileIds: readonly string[];
}

function stateOf(body: Fields | undefined): NativeState {
  const id = asText(body?.["id"]);
  const status = asText(body?.["status"]);
  if (id === undefined || status === undefined)
    throw new MillraceError("upstream-garbage", { message: "The provider's batch has no id or status." });
  const fileIds = [asText(body?.["output_file_id"]), asText(body?.["error_file_id"])];
  return { id, status, fileIds: fileIds.filter((file) => file !== undefined && file !== "") as string[] };
}

/** OpenAI's files and batches at one provider. @throws MillraceError of the catalogue's `upstream-*` codes, everywhere. */
export class BatchClient {
  readonly #of: BatchClientOf;
  readonly #deps: BatchClientDeps;

  constructor(of: BatchClientOf, deps: BatchClientDeps) {
    this.#of = of;
    this.#deps = deps;
  }

  async #send(path: string, init: RequestInit, limitMs = ASK_LIMIT_MS): Promise<Response> {
    const { provider, dialect, secret } = this.#of;
    const url = dialect.url(provider, path);
    if (url === undefined) throw new MillraceError("upstream-rejected", { message: "There is no batch API." });
    const fetchGuarded = createGuardedFetch({ ...this.#deps, signal: AbortSignal.timeout(limitMs) });
    const headers = { ...dialect.headers(provider, secret), ...(init.headers as Record<string, string> | undefined) };
    const response = await fetchGuarded(url, { ...init, headers });
    if (response.ok) return response;
    const failure = {
      status: response.status,
      retryAfter: retryAfterOf(response.headers),
      body: await response.text(),
    };
    throw classifyFailure(failure, { secret, trustCodes: false, nowMs: this.#deps.nowMs() });
  }

  async #json(path: string, init: RequestInit = {}): Promise<Fields | undefined> {
    return asFields(await (await this.#send(path, init)).json());
  }

  /** Sends a file of requests as it is read. The id that the provider gives it. */
  async upload(body: ReadableStream<Uint8Array>, bytes: number, name: string): Promise<string> {
    const boundary = `millrace-${name.replaceAll(/[^0-9a-z]/gi, "")}`;
    const encoder = new TextEncoder();
    const head = encoder.encode(
      `--${boundary}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name}.jsonl"\r\ncontent-type: application/jsonl\r\n\r\n`,
    );
    const tail = encoder.encode(`\r\n--${boundary}--\r\n`);
    const { readable, writable } = new FixedLengthStream(head.length + bytes + tail.length);
    const fill = async (): Promise<void> => {
      const writer = writable.getWriter();
      await writer.write(head);
      for await (const piece of body) await writer.write(piece);
      await writer.write(tail);
      await writer.close();
    };
    const headers = { "content-type": `multipart/form-data; boundary=${boundary}` };
    const sent = this.#send("/files", { method: "POST", headers, body: readable }, TRANSFER_LIMIT_MS);
    const [response] = await Promise.all([sent, fill().catch(() => undefined)]);
    const id = asText(asFields(await response.json())?.["id"]);
    if (id === undefined) throw new MillraceError("upstream-garbage", { message: "The provider's file has no id." });
    return id;
  }

  async create(inputFileId: string, endpoint: string): Promise<NativeState> {
    const body = JSON.stringify({ input_file_id: inputFileId, endpoint, completion_window: "24h" });
    const headers = { "content-type": "application/json" };
    return stateOf(await this.#json("/batches", { method: "POST", headers, body }));
  }

  /** The batch of an input file, if one was made: what an answer that was lost had said. */
  async findByInput(inputFileId: string): Promise<NativeState | undefined> {
    const { data } = (await this.#json("/batches?limit=100")) ?? {};
    const found = asList(data)
      .map(asFields)
      .find((batch) => batch?.["input_file_id"] === inputFileId);
    return found === undefined ? undefined : stateOf(found);
  }

  async read(batchId: string): Promise<NativeState> {
    return stateOf(await this.#json(`/batches/${encodeURIComponent(batchId)}`));
  }

  async cancel(batchId: string): Promise<void> {
    await this.#json(`/batches/${encodeURIComponent(batchId)}/cancel`, { method: "POST" });
  }

  async content(fileId: string): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#send(`/files/${encodeURIComponent(fileId)}/content`, {}, TRANSFER_LIMIT_MS);
    return response.body as ReadableStream<Uint8Array>;
  }

  /** What is of no more use there. Never throws. */
  async removeFile(fileId: string): Promise<void> {
    await this.#send(`/files/${encodeURIComponent(fileId)}`, { method: "DELETE" }).then(
      (response) => response.body?.cancel(),
      () => undefined,
    );
  }
}

import { type JsonObject, MillraceError, type Provider, type Surface } from "@millrace/core/contract";
import { baseUrlOf } from "@millrace/core/provider";
import { asFields, asList, asText, type Fields } from "../../json/vendor-json.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import type {
  BatchApi,
  BatchFrame,
  BatchLink,
  BatchOrder,
  BatchResult,
  BatchState,
  FoundBatch,
  Leftovers,
  ReadAt,
} from "../batch-api.ts";
import { garbage } from "../native-wire/post-native.ts";
import { sizedBody } from "../native-wire/sized-body.ts";
import type { FileBatches } from "./batch-dialect.ts";
import { jsonBodyOf } from "./call-openai.ts";
import { classifyFailure } from "./classify-failure.ts";
import { editMembers } from "./edit-members.ts";
import { type OpenAiDialect, prefillOf } from "./openai-dialect.ts";
import { withoutNativeFields } from "./without-native-fields.ts";

/** A line of results as OpenAI writes it; each kind has its own form of errors in it. */
function readResult(line: Fields, { nowMs }: Pick<ReadAt, "nowMs">): BatchResult | undefined {
  const n = Number(asText(line["custom_id"]) ?? Number.NaN);
  const response = asFields(line["response"]);
  const status = response?.["status_code"];
  const body = asFields(response?.["body"]) as JsonObject | undefined;
  if (Number.isNaN(n) || typeof status !== "number") return undefined;
  if (status < 400) return body && { n, told: { kind: "answer", status, body } };
  // Mistral's errors are JSON inside a text.
  const failure = { status, retryAfter: undefined, body: asText(response?.["body"]) ?? JSON.stringify(body ?? {}) };
  const error = classifyFailure(failure, { secret: undefined, trustCodes: false, nowMs });
  return { n, told: { kind: "error", error } };
}

/** Files and jobs of one kind that speaks OpenAI's API. */
class FilesAndJobs implements BatchApi {
  readonly surfaces: ReadonlySet<Surface>;
  readonly frame: BatchFrame = { head: "", between: "\n", tail: "\n" };
  readonly #dialect: OpenAiDialect;
  readonly #batches: FileBatches;

  constructor(dialect: OpenAiDialect, batches: FileBatches) {
    this.surfaces = batches.surfaces;
    this.#dialect = dialect;
    this.#batches = batches;
  }

  #base(provider: Provider): string | undefined {
    const base = baseUrlOf(provider);
    const { batchBase } = this.#dialect;
    return base === undefined || batchBase === undefined ? base : batchBase(provider, base);
  }

  offeredBy(provider: Provider): boolean {
    return this.#base(provider) !== undefined;
  }

  headers({ provider: { settings }, secret }: Pick<BatchLink, "provider" | "secret">): Record<string, string> {
    const { authorize, headers } = this.#dialect;
    return {
      ...(secret === undefined ? {} : (authorize?.(secret) ?? { authorization: `Bearer ${secret}` })),
      ...(settings === undefined ? {} : headers?.(settings)),
    };
  }

  requestOf(call: ModelCall, { n, endpoint }: { readonly n: number; readonly endpoint: string }): string {
    if (this.#dialect.repeatsPrefill === true && prefillOf(call.fields) !== undefined) {
      const message = "A batch cannot take off the assistant's turn that this provider repeats.";
      throw new MillraceError("unsupported-parameter", { param: "messages", message });
    }
    const head = JSON.stringify({ custom_id: String(n), ...this.#batches.head(endpoint) });
    const body = jsonBodyOf(withoutNativeFields(call), this.#dialect);
    const own = this.#batches.modelInOrder === true ? editMembers(body, { model: undefined }) : body;
    return `${head.slice(0, -1)},"body":${own.replaceAll(/[\r\n]+/g, " ")}}`;
  }

  async #json(link: BatchLink, path: string, init?: RequestInit): Promise<unknown> {
    const headers = { "content-type": "application/json" };
    const response = await link.send(`${this.#base(link.provider)}${path}`, { ...init, headers });
    return response.json();
  }

  #state(answer: unknown): BatchState {
    const job = this.#batches.jobOf(answer);
    const [id, status] = [asText(job?.["id"]), asText(job?.["status"])];
    if (job === undefined || id === undefined || status === undefined) throw garbage("a batch without id or status");
    const results = this.#batches.results.flatMap((member) => {
      const file = asText(job[member]);
      return file === undefined || file === "" ? [] : [file];
    });
    return { id, isOver: this.#batches.over.has(status), results };
  }

  #job(id: string): string {
    return `${this.#batches.jobs}/${encodeURIComponent(id)}`;
  }

  async upload(order: BatchOrder, link: BatchLink): Promise<string> {
    const input = await order.open();
    const boundary = `millrace-${order.name.replaceAll("_", "")}`;
    const { path, fields } = this.#batches.upload;
    const parts = Object.entries(fields(order.name)).map(
      ([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
    const file = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${order.name}.jsonl"\r\ncontent-type: application/jsonl\r\n\r\n`;
    const body = sizedBody(parts.join("") + file, input, `\r\n--${boundary}--\r\n`);
    const headers = { "content-type": `multipart/form-data; boundary=${boundary}` };
    const url = `${this.#base(link.provider)}${path}`;
    const sent = link.send(url, { method: "POST", headers, body: body.readable }, true);
    const [response] = await Promise.all([sent, body.fill().catch(() => undefined)]);
    const id = asText(asFields(await response.json())?.["id"]);
    if (id === undefined) throw garbage("a file without an id");
    return id;
  }

  async create(order: BatchOrder, inputId: string | undefined, link: BatchLink): Promise<BatchState> {
    const body = JSON.stringify(this.#batches.order(order, inputId ?? ""));
    return this.#state(await this.#json(link, this.#batches.jobs, { method: "POST", body }));
  }

  async find(order: BatchOrder, inputId: string | undefined, link: BatchLink): Promise<FoundBatch | undefined> {
    const answer = await this.#json(link, this.#batches.list);
    const jobs = Array.isArray(answer) ? answer : asList(asFields(answer)?.["data"]);
    const found = jobs.map(asFields).find((job) => job && this.#batches.isOf(job, order, inputId ?? ""));
    return found && { state: this.#state(found), isCertain: true };
  }

  async read(id: string, link: BatchLink): Promise<BatchState> {
    return this.#state(await this.#json(link, this.#job(id)));
  }

  async cancel(id: string, link: BatchLink): Promise<void> {
    await this.#json(link, `${this.#job(id)}/cancel`, { method: "POST" });
  }

  async results(result: string, link: BatchLink): Promise<ReadableStream<Uint8Array>> {
    const url = `${this.#base(link.provider)}/files/${encodeURIComponent(result)}/content`;
    return (await link.send(url, {}, true)).body as ReadableStream<Uint8Array>;
  }

  readResult = readResult;

  leftovers({ inputId, state }: Leftovers, provider: Provider): readonly string[] {
    const results = state?.results ?? [];
    const files = inputId === undefined ? results : [inputId, ...results];
    return files.map((id) => `${this.#base(provider)}/files/${encodeURIComponent(id)}`);
  }
}

/** The batch API of a kind that has files and jobs. */
export function fileBatches(dialect: OpenAiDialect, batches: FileBatches): BatchApi {
  return new FilesAndJobs(dialect, batches);
}

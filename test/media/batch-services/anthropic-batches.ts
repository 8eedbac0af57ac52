import { asFields, asList, asText, type Fields } from "../../../edge/gateway/json/vendor-json.ts";
import { json, type Script, type SeenRequest } from "../../fakes/upstream.ts";
import { API_KEY } from "../fixture.ts";
import { BatchService, demand, demandJson, demandMembers, textOf } from "./batch-service.ts";

const CUSTOM_ID = /^[a-zA-Z0-9_-]{1,64}$/;
const DAY_MS = 24 * 3600 * 1000;
const usage = { input_tokens: 5, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 2 };

interface MessageBatch {
  readonly id: string;
  readonly ids: readonly string[];
  readonly createdAtMs: number;
  ended: boolean;
}

/** Anthropic's Message Batches. https://platform.claude.com/docs/en/api/messages/batches */
export class AnthropicBatches extends BatchService {
  readonly model = "claude-sonnet-4-5";
  /** `params` of the requests, as they came. */
  params: Fields[] = [];
  /** Where batches say that their results lie. */
  resultsOrigin = "https://api.anthropic.com";
  readonly #batches = new Map<string, MessageBatch>();

  protected readonly routes = [
    { method: "POST", path: /^\/v1\/messages$/, serve: (request: SeenRequest) => this.#message(request) },
    { method: "POST", path: /^\/v1\/messages\/batches$/, serve: (request: SeenRequest) => this.#create(request) },
    { method: "GET", path: /^\/v1\/messages\/batches\?limit=(\d+)$/, serve: () => this.#list() },
    {
      method: "GET",
      path: /^\/v1\/messages\/batches\/(\w+)$/,
      serve: (_: SeenRequest, [id]: readonly string[]) => this.#retrieve(id),
    },
    {
      method: "POST",
      path: /^\/v1\/messages\/batches\/(\w+)\/cancel$/,
      serve: (_: SeenRequest, [id]: readonly string[]) => this.#cancel(id),
    },
    {
      method: "GET",
      path: /^\/v1\/messages\/batches\/(\w+)\/results$/,
      serve: (_: SeenRequest, [id]: readonly string[]) => this.#results(id),
    },
    {
      method: "DELETE",
      path: /^\/v1\/messages\/batches\/(\w+)$/,
      serve: (_: SeenRequest, [id]: readonly string[]) => this.#remove(id),
    },
  ];

  /** Another's batch of this size, just made. */
  addForeign(size: number): void {
    this.#add(Array.from({ length: size }, (_, place) => `theirs-${place}`));
  }

  /** Its owner has taken another's batches away. */
  removeForeign(): void {
    this.#batches.clear();
  }

  message(content: readonly object[], stop_reason: string, service_tier = "batch"): object {
    return {
      id: "msg_014VwiXbi91y3JMjcpyGBHX5",
      type: "message",
      role: "assistant",
      model: "claude-sonnet-4-5-20250929",
      content,
      stop_reason,
      stop_sequence: null,
      usage: { ...usage, service_tier },
    };
  }

  says(text: string): object {
    return this.message([{ type: "text", text }], "end_turn", "standard");
  }

  succeeds(text: string): object {
    return { type: "succeeded", message: this.message([{ type: "text", text }], "end_turn") };
  }

  fails(message: string): object {
    return { type: "errored", error: this.#error("invalid_request_error", message) };
  }

  overloads(): object {
    return { type: "errored", error: this.#error("overloaded_error", "Overloaded") };
  }

  #error(type: string, message: string): object {
    return { type: "error", error: { type, message }, request_id: "req_011CSHoEeqs5C35K2UUqR7Fy" };
  }

  protected refusal(status: number, message: string): object {
    const types: Readonly<Record<number, string>> = { 401: "authentication_error", 403: "permission_error" };
    return this.#error(types[status] ?? "invalid_request_error", message);
  }

  protected authenticate({ headers }: SeenRequest): void {
    demand(headers["x-api-key"] === API_KEY, "invalid x-api-key", 401);
    demand(headers["anthropic-version"] === "2023-06-01", "anthropic-version: header is required");
  }

  #checkParams(params: Fields): void {
    demand(params["model"] === this.model, "model: another one was asked for");
    demand(typeof params["max_tokens"] === "number", "max_tokens: field required");
    demand(asList(params["messages"]).length > 0, "messages: at least one message is required");
  }

  #message(request: SeenRequest): Script {
    this.#checkParams(demandJson(request));
    return this.serveOrdinary();
  }

  #create(request: SeenRequest): Script {
    demand(Number(request.headers["content-length"]) === Buffer.byteLength(request.text), "no length", 411);
    const body = demandJson(request);
    demandMembers(body, ["requests"]);
    const requests = asList(body["requests"]).map((each) => asFields(each) ?? {});
    demand(requests.length > 0, "requests: at least one is required");
    for (const each of requests) {
      demandMembers(each, ["custom_id", "params"]);
      demand(CUSTOM_ID.test(asText(each["custom_id"]) ?? ""), "custom_id: string should match pattern");
      const params = asFields(each["params"]) ?? {};
      demand(!("stream" in params), "params.stream: streaming is not supported in batches");
      this.#checkParams(params);
    }
    const ids = requests.map((each) => asText(each["custom_id"]) ?? "");
    demand(new Set(ids).size === ids.length, "custom_id: must be unique");
    this.params = requests.map((each) => asFields(each["params"]) ?? {});
    return this.made(() => this.#told(this.#add(ids)));
  }

  #add(ids: readonly string[]): MessageBatch {
    const batch = { id: `msgbatch_${this.#batches.size + 1}`, ids, createdAtMs: Date.now(), ended: false };
    this.#batches.set(batch.id, batch);
    return batch;
  }

  #told({ id, ids, createdAtMs, ended }: MessageBatch): object {
    const counts = { succeeded: 0, errored: 0, canceled: 0, expired: 0 };
    return {
      id,
      type: "message_batch",
      processing_status: ended ? "ended" : this.cancelled ? "canceling" : "in_progress",
      // Only at the end it says what came of them.
      request_counts: ended
        ? { ...counts, processing: 0, succeeded: ids.length }
        : { ...counts, processing: ids.length },
      created_at: new Date(createdAtMs).toISOString(),
      expires_at: new Date(createdAtMs + DAY_MS).toISOString(),
      ended_at: ended ? new Date().toISOString() : null,
      cancel_initiated_at: null,
      archived_at: null,
      results_url: ended ? `${this.resultsOrigin}/v1/messages/batches/${id}/results` : null,
    };
  }

  #batch(id = ""): MessageBatch {
    const batch = this.#batches.get(id);
    demand(batch !== undefined, `no batch ${id}`, 404);
    return batch;
  }

  #list(): Script {
    const data = [...this.#batches.values()].toReversed().map((batch) => this.#told(batch));
    return json({ data, has_more: false, first_id: null, last_id: null });
  }

  #retrieve(id: string | undefined): Script {
    const batch = this.#batch(id);
    batch.ended ||= this.look();
    return json(this.#told(batch));
  }

  #cancel(id: string | undefined): Script {
    const batch = this.#batch(id);
    demand(!batch.ended, "the batch has ended");
    this.cancelled = true;
    return json(this.#told(batch));
  }

  /** In another order than they were asked. */
  #results(id: string | undefined): Script {
    const { ids, ended } = this.#batch(id);
    demand(ended, "the batch has no results yet", 404);
    const lines = ids.map((custom_id, place) => ({ custom_id, result: this.tell(place) ?? { type: "canceled" } }));
    const headers = { "content-type": "application/x-jsonl" };
    return { headers, steps: [{ write: textOf(lines.toReversed()) }] };
  }

  #remove(id: string | undefined): Script {
    const batch = this.#batch(id);
    demand(batch.ended, "the batch has not ended");
    this.#batches.delete(batch.id);
    this.removed.push(batch.id);
    return json({ id: batch.id, type: "message_batch_deleted" });
  }
}

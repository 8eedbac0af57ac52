import { asFields, asList } from "../../../edge/gateway/json/vendor-json.ts";
import { json, type Script, type SeenRequest } from "../../fakes/upstream.ts";
import { demand, demandJson, demandMembers } from "./batch-service.ts";
import { ERRORS, FileBatchService, INPUT, OUTPUT } from "./file-batch-service.ts";

/** Mistral's files and batch jobs. https://docs.mistral.ai/api/endpoint/batch */
export class MistralBatches extends FileBatchService {
  readonly model = "mistral-small-latest";

  protected readonly routes = [
    ...this.shared,
    { method: "POST", path: /^\/v1\/files$/, serve: (request: SeenRequest) => this.#upload(request) },
    { method: "POST", path: /^\/v1\/batch\/jobs$/, serve: (request: SeenRequest) => this.#create(request) },
    { method: "GET", path: /^\/v1\/batch\/jobs\?page_size=\d+&order_by=-created$/, serve: () => this.#list() },
    { method: "GET", path: /^\/v1\/batch\/jobs\/job-1$/, serve: () => this.#retrieve() },
    { method: "POST", path: /^\/v1\/batch\/jobs\/job-1\/cancel$/, serve: () => this.#cancel() },
  ];

  /** An error is JSON inside a text, and no error of the line's. */
  fails(message: string): object {
    const body = { object: "error", message, type: "invalid_request_file", param: null, code: "3310" };
    return { response: { status_code: 400, body: JSON.stringify({ ...body, raw_status_code: 400 }) }, error: null };
  }

  /** It came to no answer of the model's: there is no status. */
  overloads(): object {
    return { response: null, error: { message: "Service tier capacity exceeded for this model." } };
  }

  protected refusal(status: number, message: string): object {
    if (status === 401) return { detail: message };
    return { object: "error", message, type: "invalid_request_error", param: null, code: null };
  }

  #upload(request: SeenRequest): Script {
    this.takeFile(request, { purpose: /^batch$/ });
    for (const line of this.lines) {
      demandMembers(line, ["custom_id", "body"]);
      const body = asFields(line["body"]) ?? {};
      // The job names it.
      demand(body["model"] === undefined, "body.model: the job has another");
      demand(asList(body["messages"]).length > 0, "body.messages: field required");
    }
    return json({
      id: INPUT,
      object: "file",
      bytes: request.text.length,
      created_at: 1_700_000_000,
      filename: "in.jsonl",
      purpose: "batch",
      sample_type: "batch_request",
      num_lines: this.lines.length,
      source: "upload",
    });
  }

  #create(request: SeenRequest): Script {
    const body = demandJson(request);
    demandMembers(body, ["input_files", "model", "endpoint"], ["metadata", "timeout_hours", "agent_id"]);
    demand(JSON.stringify(body["input_files"]) === JSON.stringify([INPUT]), "input_files: no such file", 404);
    demand(this.lines.length > 0, "input_files: no such file", 404);
    demand(body["model"] === this.model, "model: not found", 404);
    demand(body["endpoint"] === "/v1/chat/completions", "endpoint: not known", 422);
    const metadata = asFields(body["metadata"]) ?? {};
    demand(
      Object.values(metadata).every((value) => typeof value === "string"),
      "metadata: texts",
      422,
    );
    const hours = body["timeout_hours"];
    demand(typeof hours === "number" && Number.isInteger(hours) && hours > 0, "timeout_hours: an integer", 422);
    this.job = body;
    return this.made(() => this.#told());
  }

  #told(): object {
    const status = this.ended ? (this.cancelled ? "CANCELLED" : "SUCCESS") : this.polls > 0 ? "RUNNING" : "QUEUED";
    const { input_files, model, endpoint, metadata } = this.job;
    return {
      id: "job-1",
      object: "batch",
      input_files,
      metadata,
      endpoint,
      model,
      agent_id: null,
      output_file: this.fileOf(OUTPUT),
      error_file: this.fileOf(ERRORS),
      errors: [],
      outputs: null,
      status: this.cancelled && !this.ended ? "CANCELLATION_REQUESTED" : status,
      created_at: 1_700_000_000,
      total_requests: this.lines.length,
      completed_requests: 0,
      succeeded_requests: 0,
      failed_requests: 0,
      started_at: null,
      completed_at: null,
    };
  }

  #list(): Script {
    const data = this.creations === 0 ? [] : [this.#told()];
    return json({ data, object: "list", total: data.length });
  }

  #retrieve(): Script {
    demand(this.creations > 0, "no such job", 404);
    this.ended ||= this.look();
    return json(this.#told());
  }

  #cancel(): Script {
    demand(!this.ended, "the job is over");
    this.cancelled = true;
    return json(this.#told());
  }
}

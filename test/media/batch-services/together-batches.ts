import { asFields, asList } from "../../../edge/gateway/json/vendor-json.ts";
import { json, type Script, type SeenRequest } from "../../fakes/upstream.ts";
import { demand, demandJson, demandMembers } from "./batch-service.ts";
import { ERRORS, FileBatchService, INPUT, OUTPUT } from "./file-batch-service.ts";

/** Together's files and batches. https://docs.together.ai/reference/batch-create */
export class TogetherBatches extends FileBatchService {
  readonly model = "meta-llama/Llama-3.3-70B-Instruct-Turbo";

  protected readonly routes = [
    ...this.shared,
    { method: "POST", path: /^\/v1\/files\/upload$/, serve: (request: SeenRequest) => this.#upload(request) },
    { method: "POST", path: /^\/v1\/batches$/, serve: (request: SeenRequest) => this.#create(request) },
    { method: "GET", path: /^\/v1\/batches(?:\?|$)/, serve: () => this.#list() },
    { method: "GET", path: /^\/v1\/batches\/job-1$/, serve: () => this.#retrieve() },
    { method: "POST", path: /^\/v1\/batches\/job-1\/cancel$/, serve: () => this.#cancel() },
  ];

  fails(message: string): object {
    const body = { error: { message, type: "invalid_request_error", param: null, code: null } };
    return { response: { status_code: 400, body }, error: { message, code: "invalid_request" } };
  }

  /** As its documentation has it: a reason and no status. */
  overloads(): object {
    return { error: { message: "Request timeout", code: "timeout" } };
  }

  protected refusal(_: number, message: string): object {
    return { error: { message, type: "invalid_request_error", param: null, code: null } };
  }

  #upload(request: SeenRequest): Script {
    this.takeFile(request, { purpose: /^batch-api$/, file_name: /^[\w-]+\.jsonl$/, file_type: /^jsonl$/ });
    for (const line of this.lines) {
      demandMembers(line, ["custom_id", "body"]);
      const body = asFields(line["body"]) ?? {};
      demand(body["model"] === this.model, "body.model: no such model");
      demand(asList(body["messages"]).length > 0, "body.messages: field required");
    }
    return json({
      id: INPUT,
      object: "file",
      created_at: 1_700_000_000,
      filename: "in.jsonl",
      bytes: request.text.length,
      purpose: "batch-api",
      FileType: "jsonl",
      Processed: true,
      LineCount: this.lines.length,
    });
  }

  #create(request: SeenRequest): Script {
    const body = demandJson(request);
    demandMembers(body, ["input_file_id", "endpoint"], ["completion_window", "priority", "model_id"]);
    demand(body["input_file_id"] === INPUT && this.lines.length > 0, "no such file", 404);
    demand(body["endpoint"] === "/v1/chat/completions", "endpoint: not known");
    this.job = body;
    // Only here it stands inside another object.
    return this.made(() => ({ job: this.#told(), warning: "" }), 201);
  }

  #told(): object {
    const status = this.ended
      ? this.cancelled
        ? "CANCELLED"
        : "COMPLETED"
      : this.polls > 0
        ? "IN_PROGRESS"
        : "VALIDATING";
    return {
      id: "job-1",
      user_id: "user_1",
      input_file_id: this.job["input_file_id"],
      file_size_bytes: 1000,
      status,
      job_deadline: "2024-01-16T14:30:00Z",
      created_at: "2024-01-15T14:30:00Z",
      endpoint: this.job["endpoint"],
      progress: this.ended ? 100 : 0,
      model_id: this.model,
      ...(this.fileOf(OUTPUT) === null ? {} : { output_file_id: OUTPUT }),
      ...(this.fileOf(ERRORS) === null ? {} : { error_file_id: ERRORS }),
    };
  }

  #list(): Script {
    return json(this.creations === 0 ? [] : [this.#told()]);
  }

  #retrieve(): Script {
    demand(this.creations > 0, "no such batch", 404);
    this.ended ||= this.look();
    return json(this.#told());
  }

  #cancel(): Script {
    demand(!this.ended, "the batch is over");
    this.cancelled = true;
    return json(this.#told());
  }
}

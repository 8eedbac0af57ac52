import { asFields, asList, asText, type Fields } from "../../../edge/gateway/json/vendor-json.ts";
import { json, type Script, type SeenRequest } from "../../fakes/upstream.ts";
import { API_KEY } from "../fixture.ts";
import { BatchService, demand, demandJson, demandMembers, linesOf, textOf } from "./batch-service.ts";

const GENERATE = ["systemInstruction", "generationConfig", "tools", "toolConfig", "safetySettings", "cachedContent"];
const INPUT = "files/in-1";
const OUTPUT = "files/batch-1";
const BATCH = "batches/1";
const RPC = "type.googleapis.com/google.ai.generativelanguage.v1main";

/** The Batch API of the Gemini API, with its files. https://ai.google.dev/api/batch-api https://ai.google.dev/api/files */
export class GeminiBatches extends BatchService {
  readonly model = "gemini-2.5-flash";
  /** The requests, as they came. */
  requests: Fields[] = [];
  /** Where uploads are sent to. */
  uploadOrigin: string;
  #announcedBytes = -1;
  #keys: string[] = [];
  #displayName = "";
  #ended = false;

  constructor(origin: string) {
    super();
    this.uploadOrigin = origin;
  }

  protected readonly routes = [
    {
      method: "POST",
      path: /^\/v1beta\/models\/([^/]+):generateContent$/,
      serve: (request: SeenRequest, [model]: readonly string[]) => this.#generate(request, model),
    },
    { method: "POST", path: /^\/upload\/v1beta\/files$/, serve: (request: SeenRequest) => this.#begin(request) },
    {
      method: "POST",
      path: /^\/upload\/v1beta\/files\?upload_id=1&upload_protocol=resumable$/,
      serve: (request: SeenRequest) => this.#upload(request),
    },
    {
      method: "POST",
      path: /^\/v1beta\/models\/([^/]+):batchGenerateContent$/,
      serve: (request: SeenRequest, [model]: readonly string[]) => this.#create(request, model),
    },
    { method: "GET", path: /^\/v1beta\/batches\?pageSize=\d+$/, serve: () => this.#list() },
    { method: "GET", path: /^\/v1beta\/batches\/1$/, serve: () => this.#retrieve() },
    { method: "POST", path: /^\/v1beta\/batches\/1:cancel$/, serve: () => this.#cancel() },
    { method: "GET", path: /^\/download\/v1beta\/files\/batch-1:download\?alt=media$/, serve: () => this.#download() },
    {
      method: "DELETE",
      path: /^\/v1beta\/((?:files|batches)\/[\w-]+)$/,
      serve: (_: SeenRequest, [name]: readonly string[]) => this.#remove(name),
    },
  ];

  content(parts: readonly object[], finishReason: string): object {
    return {
      candidates: [{ content: { parts, role: "model" }, finishReason, index: 0 }],
      // Thoughts are counted apart.
      usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 1, thoughtsTokenCount: 1, totalTokenCount: 7 },
      modelVersion: this.model,
      responseId: "mAitaLmkHPPlz7IPvtfUqQ4",
    };
  }

  says(text: string): object {
    return this.content([{ text }], "STOP");
  }

  succeeds(text: string): object {
    return { response: this.says(text) };
  }

  /** A `google.rpc.Status`: its code is gRPC's, not HTTP's. */
  fails(message: string): object {
    return { error: { code: 3, message } };
  }

  overloads(): object {
    return { error: { code: 503, message: "The model is overloaded.", status: "UNAVAILABLE" } };
  }

  protected refusal(code: number, message: string): object {
    return { error: { code, message, status: code === 403 ? "PERMISSION_DENIED" : "INVALID_ARGUMENT" } };
  }

  protected authenticate({ headers }: SeenRequest): void {
    demand(headers["x-goog-api-key"] === API_KEY, "API key not valid", 403);
  }

  #checkRequest(request: Fields): void {
    demandMembers(request, ["contents"], GENERATE);
    demand(asList(request["contents"]).length > 0, "contents is not specified");
  }

  #generate(request: SeenRequest, model: string | undefined): Script {
    demand(model === this.model, "no such model", 404);
    this.#checkRequest(demandJson(request));
    return this.serveOrdinary();
  }

  #begin(request: SeenRequest): Script {
    const { headers } = request;
    demand(headers["x-goog-upload-protocol"] === "resumable", "upload protocol");
    demand(headers["x-goog-upload-command"] === "start", "upload command");
    demand(headers["x-goog-upload-header-content-type"] === "application/jsonl", "type of the file");
    const body = demandJson(request);
    demandMembers(body, ["file"]);
    demandMembers(asFields(body["file"]) ?? {}, ["display_name"], ["name", "mime_type"]);
    this.#announcedBytes = Number(headers["x-goog-upload-header-content-length"]);
    const url = `${this.uploadOrigin}/upload/v1beta/files?upload_id=1&upload_protocol=resumable`;
    return json({}, 200, { "x-goog-upload-url": url, "x-goog-upload-status": "active" });
  }

  #upload({ headers, text }: SeenRequest): Script {
    demand(headers["x-goog-upload-command"] === "upload, finalize", "upload command");
    demand(headers["x-goog-upload-offset"] === "0", "upload offset");
    demand(Number(headers["content-length"]) === this.#announcedBytes, "another length than announced");
    demand(Buffer.byteLength(text) === this.#announcedBytes, "another length than announced");
    const lines = linesOf(text);
    for (const line of lines) {
      demandMembers(line, ["key", "request"]);
      this.#checkRequest(asFields(line["request"]) ?? {});
    }
    this.#keys = lines.map((line) => asText(line["key"]) ?? "");
    demand(new Set(this.#keys).size === lines.length && !this.#keys.includes(""), "keys are unique texts");
    this.requests = lines.map((line) => asFields(line["request"]) ?? {});
    const file = { name: INPUT, mimeType: "application/jsonl", sizeBytes: `${this.#announcedBytes}`, state: "ACTIVE" };
    return json({ file }, 200, { "x-goog-upload-status": "final" });
  }

  #create(request: SeenRequest, model: string | undefined): Script {
    demand(model === this.model, "no such model", 404);
    const body = demandJson(request);
    demandMembers(body, ["batch"]);
    const batch = asFields(body["batch"]) ?? {};
    demandMembers(batch, ["display_name", "input_config"], ["priority"]);
    const input = asFields(batch["input_config"]) ?? {};
    demandMembers(input, ["file_name"]);
    demand(input["file_name"] === INPUT && this.#keys.length > 0, "no such file", 404);
    this.#displayName = asText(batch["display_name"]) ?? "";
    return this.made(() => this.#operation());
  }

  #operation(): object {
    const state = this.#ended ? (this.cancelled ? "CANCELLED" : "SUCCEEDED") : "RUNNING";
    const size = `${this.#keys.length}`;
    const metadata = {
      "@type": `${RPC}.GenerateContentBatch`,
      model: `models/${this.model}`,
      displayName: this.#displayName,
      inputConfig: { fileName: INPUT },
      batchStats: this.#ended ? { requestCount: size } : { requestCount: size, pendingRequestCount: size },
      state: `BATCH_STATE_${state}`,
      name: BATCH,
    };
    if (!this.#ended) return { name: BATCH, metadata };
    const error = { code: 1, message: "The operation was cancelled." };
    if (this.cancelled) return { name: BATCH, metadata, done: true, error };
    const response = { "@type": `${RPC}.GenerateContentBatchOutput`, responsesFile: OUTPUT };
    return { name: BATCH, metadata: { ...metadata, output: { responsesFile: OUTPUT } }, done: true, response };
  }

  #list(): Script {
    return json(this.creations === 0 ? {} : { operations: [this.#operation()] });
  }

  #retrieve(): Script {
    demand(this.creations > 0, "no such batch", 404);
    this.#ended ||= this.look();
    return json(this.#operation());
  }

  #cancel(): Script {
    demand(!this.#ended, "the batch is over");
    this.cancelled = true;
    return json({});
  }

  /** In another order than they were asked. */
  #download(): Script {
    demand(this.#ended && !this.cancelled, "no such file", 404);
    const lines = this.#keys.flatMap((key, place) => {
      const told = this.tell(place);
      return told === undefined ? [] : [{ key, ...told }];
    });
    return { headers: { "content-type": "application/octet-stream" }, steps: [{ write: textOf(lines.toReversed()) }] };
  }

  #remove(name = ""): Script {
    const isUnused = name === INPUT && this.creations === 0;
    demand(isUnused || ([INPUT, OUTPUT, BATCH].includes(name) && this.#ended), `${name} cannot be deleted`, 404);
    demand(!this.removed.includes(name), `${name} is gone`, 404);
    this.removed.push(name);
    return json({});
  }
}

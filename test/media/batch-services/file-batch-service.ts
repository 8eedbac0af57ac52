import { asFields, asList, asText, type Fields } from "../../../edge/gateway/json/vendor-json.ts";
import { json, type Script, type SeenRequest } from "../../fakes/upstream.ts";
import { completionOf } from "../batch-requests.ts";
import { API_KEY } from "../fixture.ts";
import { BatchService, demand, demandJson, linesOf, type Route, textOf } from "./batch-service.ts";

export const INPUT = "file-in-1";
export const OUTPUT = "file-out-1";
export const ERRORS = "file-err-1";

/** A part of a form. */
export interface FormPart {
  readonly head: string;
  readonly value: string;
}

/** A form with a file, by the names of its parts (RFC 7578). */
function formOf({ headers, text }: SeenRequest): ReadonlyMap<string, FormPart> {
  const boundary = /^multipart\/form-data; boundary=([\w-]{1,70})$/.exec(headers["content-type"] ?? "")?.[1];
  demand(boundary !== undefined, "the body is no form", 415);
  demand(Number(headers["content-length"]) === Buffer.byteLength(text), "the body has no length", 411);
  const pieces = `\r\n${text}`.split(`\r\n--${boundary}`);
  demand(pieces[0] === "" && pieces.at(-1) === "--\r\n", "the form has no end");
  return new Map(
    pieces.slice(1, -1).map((piece) => {
      const [head = "", ...rest] = piece.split("\r\n\r\n");
      const name = /^\r\ncontent-disposition: form-data; name="(\w+)"/i.exec(head)?.[1];
      demand(name !== undefined, "a part has no name");
      return [name, { head, value: rest.join("\r\n\r\n") }];
    }),
  );
}

/** What two services of files and jobs have in common: their files, and lines of results as OpenAI writes them. */
export abstract class FileBatchService extends BatchService {
  /** Lines of the file of requests. */
  lines: Fields[] = [];
  protected ended = false;
  protected job: Fields = {};
  /** Routes that both have. */
  protected readonly shared: readonly Route[] = [
    { method: "POST", path: /^\/v1\/chat\/completions$/, serve: (request: SeenRequest) => this.serveChat(request) },
    {
      method: "GET",
      path: /^\/v1\/files\/([\w-]+)\/content$/,
      serve: (_: SeenRequest, [file]: readonly string[]) => this.serveContent(file),
    },
    {
      method: "DELETE",
      path: /^\/v1\/files\/([\w-]+)$/,
      serve: (_: SeenRequest, [file]: readonly string[]) => this.serveRemove(file),
    },
  ];

  says(text: string): object {
    return completionOf(this.model, text);
  }

  succeeds(text: string): object {
    return { response: { status_code: 200, request_id: "req_1", body: this.says(text) }, error: null };
  }

  protected authenticate({ headers }: SeenRequest): void {
    demand(headers["authorization"] === `Bearer ${API_KEY}`, "Unauthorized", 401);
  }

  protected serveChat(request: SeenRequest): Script {
    const body = demandJson(request);
    demand(body["model"] === this.model, "no such model", 404);
    demand(asList(body["messages"]).length > 0, "messages: field required", 422);
    return this.serveOrdinary();
  }

  /** Takes a file of requests with just these fields beside it. */
  protected takeFile(request: SeenRequest, expected: Readonly<Record<string, RegExp>>): void {
    const form = formOf(request);
    demand(form.size === Object.keys(expected).length + 1, "a field that is missing or not known", 422);
    for (const [name, pattern] of Object.entries(expected))
      demand(pattern.test(form.get(name)?.value ?? ""), `${name}: another value`, 422);
    const file = form.get("file");
    demand(file !== undefined && /; filename="[\w-]+\.jsonl"/.test(file.head), "file: a name is required", 422);
    this.lines = linesOf(file.value);
    const ids = this.lines.map((line) => asText(line["custom_id"]));
    demand(
      ids.every((id) => id !== undefined && id.length <= 64),
      "custom_id: 1 to 64 characters",
    );
    demand(new Set(ids).size === ids.length, "custom_id: must be unique");
  }

  /** The results of one kind, in another order than they were asked: failures have a file of their own. */
  protected resultsIn(file: string | undefined): readonly object[] {
    const told = this.lines.flatMap(({ custom_id }, place) => {
      const result = this.tell(place);
      return result === undefined ? [] : [{ id: `res-${place}`, custom_id, ...result } as Fields];
    });
    const isGood = ({ response }: Fields): boolean => asFields(response)?.["status_code"] === 200;
    return told.filter((line) => isGood(line) === (file === OUTPUT)).toReversed();
  }

  protected serveContent(file: string | undefined): Script {
    demand(this.ended && !this.removed.includes(file ?? ""), "no such file", 404);
    return { headers: { "content-type": "application/jsonl" }, steps: [{ write: textOf(this.resultsIn(file)) }] };
  }

  /** The file of a kind of results, once there is one. */
  protected fileOf(file: string): string | null {
    return this.ended && this.resultsIn(file).length > 0 ? file : null;
  }

  protected serveRemove(file = ""): Script {
    demand([INPUT, OUTPUT, ERRORS].includes(file) && !this.removed.includes(file), "no such file", 404);
    this.removed.push(file);
    return json({ id: file, object: "file", deleted: true });
  }
}

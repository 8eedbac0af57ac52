import { type JsonObject, type JsonValue, MillraceError } from "@millrace/core/contract";
import { asText } from "../../json/vendor-json.ts";

function unsupported(param: string, what: string): MillraceError {
  return new MillraceError("unsupported-parameter", { param, message: `${param}: ${what}` });
}

function invalid(param: string, what: string): MillraceError {
  return new MillraceError("invalid-request", { param, message: `${param}: ${what}` });
}

type Part = JsonObject;

function imagePart(part: Part, path: string): Part {
  const url = part["image_url"];
  if (typeof url !== "string" || url === "") throw unsupported(`${path}.file_id`, "give the image as `image_url`.");
  const detail = part["detail"];
  return { type: "image_url", image_url: detail === undefined || detail === null ? { url } : { url, detail } };
}

function filePart(part: Part, path: string): Part {
  const { filename, file_data: data } = part;
  if (typeof data !== "string" || data === "")
    throw unsupported(
      `${path}.${part["file_url"] === undefined ? "file_id" : "file_url"}`,
      "give the file as `file_data`.",
    );
  return { type: "file", file: { ...(typeof filename === "string" ? { filename } : {}), file_data: data } };
}

function contentPart(part: Part, path: string): Part {
  const type = asText(part["type"]) ?? "";
  switch (type) {
    case "input_text":
    case "output_text":
    case "text":
      if (typeof part["text"] !== "string") throw invalid(`${path}.text`, "expected a string.");
      return { type: "text", text: part["text"] };
    case "refusal":
      return { type: "refusal", refusal: asText(part["refusal"]) ?? "" };
    case "input_image":
      return imagePart(part, path);
    case "input_file":
      return filePart(part, path);
    default:
      throw unsupported(`${path}.type`, `${type} is not supported.`);
  }
}

function partsOf(content: JsonValue | undefined, path: string): Part[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  if (!Array.isArray(content)) throw invalid(path, "expected a string or a list of parts.");
  return content.map((part, index) => contentPart((part ?? {}) as Part, `${path}[${index}]`));
}

/** One text alone is the plain string that every server knows. */
function contentOf(parts: readonly Part[]): JsonValue {
  const [only] = parts;
  return parts.length === 1 && only?.["type"] === "text" ? (only["text"] ?? "") : [...parts];
}

const roles: ReadonlySet<unknown> = new Set(["user", "assistant", "system", "developer"]);

/** Collects the messages of a conversation, in OpenAI's chat form, from its items. */
class Conversation {
  readonly messages: JsonObject[] = [];
  /** Images and files of tools' results: they follow, since a tool's message holds text only. */
  #attached: Part[] = [];

  push(message: JsonObject): void {
    this.flush();
    this.messages.push(message);
  }

  flush(): void {
    if (this.#attached.length === 0) return;
    this.messages.push({ role: "user", content: this.#attached });
    this.#attached = [];
  }

  /** Calls that follow each other, or the words that led to them, are one turn. */
  call(call: JsonObject): void {
    const last = this.messages.at(-1);
    if (last?.["role"] === "assistant" && this.#attached.length === 0) {
      const calls = Array.isArray(last["tool_calls"]) ? last["tool_calls"] : [];
      last["tool_calls"] = [...calls, call];
    } else this.push({ role: "assistant", content: null, tool_calls: [call] });
  }

  result(id: string, parts: readonly Part[]): void {
    const texts = parts.flatMap((part) => asText(part["text"]) ?? []);
    const more = parts.filter((part) => part["type"] !== "text");
    if (more.length > 0) this.#attached.push({ type: "text", text: `Attached to the result of ${id}:` }, ...more);
    if (more.length > 0 && texts.length === 0) texts.push("The result is attached below.");
    this.messages.push({ role: "tool", tool_call_id: id, content: texts.join("\n\n") });
  }
}

function textField(item: JsonObject, field: string, path: string): string {
  const value = item[field];
  if (typeof value !== "string" || value === "") throw invalid(`${path}.${field}`, "expected a string.");
  return value;
}

function addItem(item: JsonObject, path: string, into: Conversation): void {
  const type = asText(item["type"]) ?? "";
  switch (type) {
    case "message": {
      if (!roles.has(item["role"])) throw invalid(`${path}.role`, "expected user, assistant, system or developer.");
      const parts = partsOf(item["content"], `${path}.content`);
      return into.push({ role: item["role"] as string, content: contentOf(parts) });
    }
    case "function_call": {
      const call = { name: textField(item, "name", path), arguments: asText(item["arguments"]) ?? "" };
      return into.call({ id: textField(item, "call_id", path), type: "function", function: call });
    }
    case "function_call_output":
      return into.result(textField(item, "call_id", path), partsOf(item["output"], `${path}.output`));
    // Thoughts are the business of the model that had them: another one cannot read what is encrypted, and does not get the summary.
    case "reasoning":
      return undefined;
    default:
      throw unsupported(`${path}.type`, `items of the type ${type} are not supported.`);
  }
}

/**
 * Items as chat messages. `earlier` counts those that come from stored responses: errors name the place in the caller's own input.
 * @throws MillraceError `invalid-request` or `unsupported-parameter` that names the field.
 */
export function translateItems(items: readonly JsonObject[], earlier: number): JsonObject[] {
  const conversation = new Conversation();
  for (const [index, item] of items.entries()) {
    const path = index < earlier ? "previous_response_id" : `input[${index - earlier}]`;
    addItem(item, path, conversation);
  }
  conversation.flush();
  return conversation.messages;
}

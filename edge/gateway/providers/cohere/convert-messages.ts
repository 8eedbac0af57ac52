import type { ChatMessage } from "@millrace/core/contract";
import { asFields, asText, type Fields } from "../../json/vendor-json.ts";
import { MESSAGE_FIELDS, ownFields } from "../native-wire/message-fields.ts";
import { refuseFields, unsupported } from "../native-wire/refuse-fields.ts";
import { textContent } from "../native-wire/text-content.ts";

const WHO = "Cohere";

const KNOWN = new Set(MESSAGE_FIELDS);

function partOf(value: unknown, path: string): Fields[] {
  const part = asFields(value) ?? {};
  const type = asText(part["type"]) ?? "";
  if (type === "input_audio" || type === "file") throw unsupported(`${path}.${type}`, WHO);
  refuseFields(part, { known: new Set(["type", "text", "refusal", "image_url"]), who: WHO, path: `${path}.` });
  if (type === "image_url") {
    const image = asFields(part["image_url"]) ?? {};
    refuseFields(image, { known: new Set(["url", "detail"]), who: WHO, path: `${path}.image_url.` });
    return [{ type, image_url: image }];
  }
  const text = asText(part["text"]) ?? asText(part["refusal"]) ?? "";
  return text === "" ? [] : [{ type: "text", text }];
}

function contentOf(content: unknown, path: string): unknown {
  return Array.isArray(content) ? content.flatMap((part, index) => partOf(part, `${path}[${index}]`)) : content;
}

/** What Cohere's models planned and thought before they called tools goes back to them as it came. */
function assistantOf(message: Extract<ChatMessage, { role: "assistant" }>, path: string): Fields {
  const own = ownFields(message, "cohere");
  const plan = asText(own?.["tool_plan"]);
  const content = own?.["content"] ?? contentOf(message.content ?? message.refusal, `${path}.content`);
  const calls = (message.tool_calls ?? []).map(({ id, type, function: { name, arguments: text } }) => ({
    id,
    type,
    function: { name, arguments: text },
  }));
  return {
    role: "assistant",
    ...(content === undefined || content === null || content === "" ? {} : { content }),
    ...(plan === undefined || plan === "" ? {} : { tool_plan: plan }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

/** A conversation in Cohere's form. @throws MillraceError `unsupported-parameter`. */
export function convertMessages(messages: readonly ChatMessage[]): readonly Fields[] {
  return messages.map((message, index) => {
    const path = `messages[${index}]`;
    refuseFields(message, { known: KNOWN, who: WHO, path: `${path}.` });
    switch (message.role) {
      case "system":
      case "developer":
        return { role: "system", content: textContent(message.content) };
      case "user":
        return { role: "user", content: contentOf(message.content, `${path}.content`) };
      case "assistant":
        return assistantOf(message, path);
      case "tool":
        return { role: "tool", tool_call_id: message.tool_call_id, content: textContent(message.content) };
    }
  });
}

import { type JsonValue, MillraceError } from "@millrace/core/contract";
import { asFields, asText, type Fields } from "../../json/vendor-json.ts";
import { fileOf, imageUrlOf } from "../native-wire/media-parts.ts";
import { parseDataUrl } from "../native-wire/parse-data-url.ts";
import { refuseFields, unsupported } from "../native-wire/refuse-fields.ts";

export type Block = Record<string, unknown>;

const WHO = "Anthropic";
const PART_FIELDS = new Set(["type", "text", "refusal", "image_url", "file", "cache_control"]);

function cacheControl(part: Fields): Block {
  return part["cache_control"] === undefined ? {} : { cache_control: part["cache_control"] };
}

/** An empty text is no block: Anthropic refuses it, and it says nothing. */
function textBlocks(text: string | undefined, part: Fields): Block[] {
  return text === undefined || text === "" ? [] : [{ type: "text", text, ...cacheControl(part) }];
}

function imageBlock(part: Fields, path: string): Block {
  const url = imageUrlOf(part, { who: WHO, path });
  const inline = parseDataUrl(url);
  const source =
    inline === undefined ? { type: "url", url } : { type: "base64", media_type: inline.mediaType, data: inline.data };
  return { type: "image", source, ...cacheControl(part) };
}

function documentSource(data: string, path: string): JsonValue {
  if (/^https?:\/\//i.test(data)) return { type: "url", url: data };
  const inline = parseDataUrl(data);
  if (inline === undefined) {
    const param = `${path}.file.file_data`;
    throw new MillraceError("invalid-request", { param, message: `\`${param}\` is a data: URL in base64.` });
  }
  if (inline.mediaType === "text/plain") {
    const bytes = Uint8Array.from(atob(inline.data), (char) => char.charCodeAt(0));
    return { type: "text", media_type: "text/plain", data: new TextDecoder().decode(bytes) };
  }
  return { type: "base64", media_type: inline.mediaType, data: inline.data };
}

function documentBlock(part: Fields, path: string): Block {
  const { url, filename: title } = fileOf(part, { who: WHO, path });
  return {
    type: "document",
    source: documentSource(url, path),
    ...(title === undefined ? {} : { title }),
    ...cacheControl(part),
  };
}

function partBlocks(value: unknown, path: string): Block[] {
  const part = asFields(value) ?? {};
  if (part["type"] === "input_audio") throw unsupported(`${path}.input_audio`, WHO);
  refuseFields(part, { known: PART_FIELDS, who: WHO, path: `${path}.` });
  switch (part["type"]) {
    case "image_url":
      return [imageBlock(part, path)];
    case "file":
      return [documentBlock(part, path)];
    case "refusal":
      return textBlocks(asText(part["refusal"]), part);
    default:
      return textBlocks(asText(part["text"]), part);
  }
}

/** A message's content as Anthropic's blocks. `path` names it in refusals: `messages[2].content`. */
export function contentBlocks(content: unknown, path: string): Block[] {
  if (typeof content === "string") return textBlocks(content, {});
  if (!Array.isArray(content)) return [];
  return content.flatMap((part, index) => partBlocks(part, `${path}[${index}]`));
}

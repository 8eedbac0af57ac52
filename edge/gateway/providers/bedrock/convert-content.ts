import { MillraceError } from "@millrace/core/contract";
import { asFields, asText, type Fields } from "../../json/vendor-json.ts";
import { fileOf, imageUrlOf } from "../native-wire/media-parts.ts";
import { parseDataUrl } from "../native-wire/parse-data-url.ts";
import { refuseFields, unsupported } from "../native-wire/refuse-fields.ts";

export type Block = Record<string, unknown>;

const WHO = "Bedrock";
const PART_FIELDS = new Set(["type", "text", "refusal", "image_url", "file", "cache_control"]);

/** Bedrock's names for the types of documents. */
const formats: Readonly<Record<string, string>> = {
  "application/pdf": "pdf",
  "text/csv": "csv",
  "application/msword": "doc",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
  "application/vnd.ms-excel": "xls",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
  "text/html": "html",
  "text/plain": "txt",
  "text/markdown": "md",
};

/** A mark of Anthropic's becomes Bedrock's: a block behind what is to be cached. */
export function cachePoint(marked: Fields): Block[] {
  const mark = asFields(marked["cache_control"]);
  if (mark === undefined) return [];
  const ttl = asText(mark["ttl"]);
  return [{ cachePoint: { type: "default", ...(ttl === undefined ? {} : { ttl }) } }];
}

/** Bedrock fetches nothing but from S3. */
function sourceOf(url: string, path: string): { readonly source: Block; readonly mediaType: string | undefined } {
  const inline = parseDataUrl(url);
  if (inline !== undefined) return { source: { bytes: inline.data }, mediaType: inline.mediaType };
  if (url.startsWith("s3://")) return { source: { s3Location: { uri: url } }, mediaType: undefined };
  if (/^https?:/i.test(url)) throw unsupported(path, WHO, "it takes base64 or an s3:// address");
  throw new MillraceError("invalid-request", { param: path, message: `\`${path}\` is neither base64 nor a URL.` });
}

const endingOf = (name: string): string => /\.([a-z]{2,4})$/i.exec(name)?.[1]?.toLowerCase() ?? "";

function imageBlock(part: Fields, path: string): Block {
  const url = imageUrlOf(part, { who: WHO, path });
  const { source, mediaType } = sourceOf(url, `${path}.image_url.url`);
  const format = mediaType?.replace("image/", "") ?? endingOf(url).replace("jpg", "jpeg");
  return { image: { format, source } };
}

/** A name that Bedrock takes: letters, digits, single spaces, hyphens and brackets. */
function documentName(filename: string | undefined): string {
  const name = (filename ?? "document").replace(/\.[a-z]{2,4}$/i, "");
  return name.replace(/[^A-Za-z0-9 \-()[\]]/g, "-").replace(/ +/g, " ");
}

function documentBlock(part: Fields, path: string): Block {
  const { url, filename } = fileOf(part, { who: WHO, path });
  const { source, mediaType } = sourceOf(url, `${path}.file.file_data`);
  const format = mediaType === undefined ? endingOf(url) : formats[mediaType];
  if (format === undefined) throw unsupported(`${path}.file.file_data`, WHO, `it reads no ${mediaType ?? "such file"}`);
  return { document: { format, name: documentName(filename), source } };
}

function partBlocks(value: unknown, path: string): Block[] {
  const part = asFields(value) ?? {};
  if (part["type"] === "input_audio") throw unsupported(`${path}.input_audio`, WHO);
  refuseFields(part, { known: PART_FIELDS, who: WHO, path: `${path}.` });
  const text = asText(part["text"]) ?? asText(part["refusal"]) ?? "";
  const blocks =
    part["type"] === "image_url"
      ? [imageBlock(part, path)]
      : part["type"] === "file"
        ? [documentBlock(part, path)]
        : textBlocks(text);
  return [...blocks, ...cachePoint(part)];
}

/** An empty text is no block: Bedrock refuses it, and it says nothing. */
export function textBlocks(text: string): Block[] {
  return text === "" ? [] : [{ text }];
}

/** A message's content as Converse's blocks. `path` names it in refusals. */
export function contentBlocks(content: unknown, path: string): Block[] {
  if (typeof content === "string") return textBlocks(content);
  return Array.isArray(content) ? content.flatMap((part, index) => partBlocks(part, `${path}[${index}]`)) : [];
}

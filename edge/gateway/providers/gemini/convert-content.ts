import { MillraceError } from "@millrace/core/contract";
import { asFields, asText, type Fields } from "../../json/vendor-json.ts";
import { fileOf, imageUrlOf } from "../native-wire/media-parts.ts";
import { parseDataUrl } from "../native-wire/parse-data-url.ts";
import { refuseFields } from "../native-wire/refuse-fields.ts";

export type Part = Record<string, unknown>;

const WHO = "Gemini";
const PART_FIELDS = new Set(["type", "text", "refusal", "image_url", "input_audio", "file"]);

/** Google wants the type of what it fetches; the name of a file is all that a URL tells. */
const typesByEnding: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  heic: "image/heic",
  heif: "image/heif",
  gif: "image/gif",
  pdf: "application/pdf",
  txt: "text/plain",
  mp3: "audio/mp3",
  wav: "audio/wav",
  mp4: "video/mp4",
};

function dataPart(url: string, path: string): Part {
  const inline = parseDataUrl(url);
  if (inline !== undefined) return { inlineData: { mimeType: inline.mediaType, data: inline.data } };
  if (!/^(?:https?|gs):\/\//i.test(url)) {
    throw new MillraceError("invalid-request", { param: path, message: `\`${path}\` is neither a URL nor base64.` });
  }
  const ending = /\.([A-Za-z0-9]{2,5})(?:[?#]|$)/.exec(url)?.[1]?.toLowerCase() ?? "";
  const mimeType = typesByEnding[ending];
  return { fileData: { fileUri: url, ...(mimeType === undefined ? {} : { mimeType }) } };
}

/** Text becomes a part unless it is empty, which says nothing. */
export function textParts(text: string | undefined): Part[] {
  return text === undefined || text === "" ? [] : [{ text }];
}

function mediaPart(part: Fields, path: string): Part {
  if (part["type"] === "image_url") {
    return dataPart(imageUrlOf(part, { who: WHO, path }), `${path}.image_url.url`);
  }
  if (part["type"] === "file") {
    // A name tells Google nothing that the content does not.
    return dataPart(fileOf(part, { who: WHO, path }).url, `${path}.file.file_data`);
  }
  const audio = asFields(part["input_audio"]) ?? {};
  refuseFields(audio, { known: new Set(["data", "format"]), who: WHO, path: `${path}.input_audio.` });
  return { inlineData: { mimeType: `audio/${asText(audio["format"]) ?? ""}`, data: asText(audio["data"]) ?? "" } };
}

function partsOf(value: unknown, path: string): Part[] {
  const part = asFields(value) ?? {};
  refuseFields(part, { known: PART_FIELDS, who: WHO, path: `${path}.` });
  switch (part["type"]) {
    case "image_url":
    case "file":
    case "input_audio":
      return [mediaPart(part, path)];
    case "refusal":
      return textParts(asText(part["refusal"]));
    default:
      return textParts(asText(part["text"]));
  }
}

/** A message's content as Gemini's parts. `path` names it in refusals. */
export function contentParts(content: unknown, path: string): Part[] {
  if (typeof content === "string") return textParts(content);
  return Array.isArray(content) ? content.flatMap((part, index) => partsOf(part, `${path}[${index}]`)) : [];
}

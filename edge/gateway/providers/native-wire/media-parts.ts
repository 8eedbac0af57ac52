import { asFields, asText, type Fields } from "../../json/vendor-json.ts";
import { refuseFields } from "./refuse-fields.ts";

export interface PartPlace {
  /** Who is spoken to, for refusals. */
  readonly who: string;
  /** Where the part stands: `messages[2].content[0]`. */
  readonly path: string;
}

/** The URL of an `image_url` part. @throws MillraceError `unsupported-parameter`. */
export function imageUrlOf(part: Fields, { who, path }: PartPlace): string {
  const image = asFields(part["image_url"]) ?? {};
  refuseFields(image, { known: new Set(["url"]), who, path: `${path}.image_url.` });
  return asText(image["url"]) ?? "";
}

/** What a `file` part holds, and the name that it may have. @throws MillraceError `unsupported-parameter`. */
export function fileOf(
  part: Fields,
  { who, path }: PartPlace,
): { readonly url: string; readonly filename: string | undefined } {
  const file = asFields(part["file"]) ?? {};
  refuseFields(file, { known: new Set(["file_data", "filename"]), who, path: `${path}.file.` });
  return { url: asText(file["file_data"]) ?? "", filename: asText(file["filename"]) };
}

import { MAX_HEADER_BYTES, MillraceError } from "@millrace/core/contract";

/** @throws MillraceError `headers-too-large` when names and values together exceed MAX_HEADER_BYTES. */
export function checkHeaders(headers: Headers): void {
  let bytes = 0;
  for (const [name, value] of headers) bytes += name.length + value.length;
  if (bytes > MAX_HEADER_BYTES) {
    throw new MillraceError("headers-too-large", { message: `The headers are larger than ${MAX_HEADER_BYTES} bytes.` });
  }
}

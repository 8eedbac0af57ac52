import { MillraceError } from "@millrace/core/contract";

const FLOAT_BYTES = 4;

/** Base64 of little-endian float32, as OpenAI sends vectors to those who ask for it. */
export function encodeVector(vector: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(vector.length * FLOAT_BYTES));
  vector.forEach((value, index) => view.setFloat32(index * FLOAT_BYTES, value, true));
  let binary = "";
  for (const byte of new Uint8Array(view.buffer)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The numbers again. @throws MillraceError `upstream-garbage` for text that is no vector. */
export function decodeVector(text: string): number[] {
  const garbage = new MillraceError("upstream-garbage", { message: "The model answered with a vector that is none." });
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw garbage;
  }
  if (binary.length === 0 || binary.length % FLOAT_BYTES !== 0) throw garbage;
  const view = new DataView(Uint8Array.from(binary, (char) => char.charCodeAt(0)).buffer);
  return Array.from({ length: binary.length / FLOAT_BYTES }, (_none, index) =>
    view.getFloat32(index * FLOAT_BYTES, true),
  );
}

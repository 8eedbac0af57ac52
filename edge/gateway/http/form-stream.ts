import { MillraceError } from "@millrace/core/contract";

/** What a multipart form consists of, in the order in which it arrives. `data` belongs to the `part` before it. */
export type FormEvent =
  | { readonly type: "part"; readonly name: string; readonly filename: string | undefined }
  | { readonly type: "data"; readonly bytes: Uint8Array }
  | { readonly type: "end" };

/** Headers of one part; a file's name is the longest of what is in them. */
const MAX_PART_HEADER_BYTES = 8 * 1024;
const CR = 0x0d;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

function broken(): MillraceError {
  return new MillraceError("invalid-request", { message: "The body is not a whole multipart form." });
}

/** @returns undefined when the type is not that of a form. */
export function formBoundary(contentType: string | null): string | undefined {
  const found = /^multipart\/form-data\s*;.*?\bboundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(contentType ?? "");
  return found?.[1] ?? found?.[2];
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function indexOf(bytes: Uint8Array, mark: Uint8Array): number {
  const first = mark[0] ?? 0;
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (at + mark.length > bytes.length) return -1;
    let same = 1;
    while (same < mark.length && bytes[at + same] === mark[same]) same++;
    if (same === mark.length) return at;
  }
  return -1;
}

/** RFC 7578, section 4.2: quotes in a name are percent-encoded by browsers, backslash-escaped by others. */
function parameter(header: string, name: string): string | undefined {
  const value = new RegExp(`;\\s*${name}="((?:[^"\\\\]|\\\\.)*)"`, "i").exec(header)?.[1];
  return value?.replaceAll(/\\(["\\])/g, "$1").replaceAll("%22", '"');
}

function partOf(head: string): FormEvent {
  const disposition = head.split("\r\n").find((line) => /^content-disposition\s*:/i.test(line));
  const name = disposition === undefined ? undefined : parameter(disposition, "name");
  if (disposition === undefined || name === undefined) throw broken();
  return { type: "part", name, filename: parameter(disposition, "filename") };
}

/** Bytes of the body that were not yet told. */
class Pending {
  #bytes: Uint8Array = encoder.encode("\r\n");
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  take(count: number): Uint8Array {
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  /** @throws MillraceError when the body is over. */
  async more(): Promise<void> {
    const { done, value } = await this.#reader.read();
    if (done) throw broken();
    this.#bytes = join(this.#bytes, value);
  }

  async atLeast(count: number): Promise<void> {
    while (this.#bytes.length < count) await this.more();
  }

  /** The rest of the connection's bytes, read and dropped, so that the sender hears the answer instead of a broken pipe. */
  async drain(): Promise<void> {
    while (!(await this.#reader.read()).done);
  }
}

/**
 * A multipart form as it arrives (RFC 2046, section 5.1): never more in memory than one network read and one part's headers.
 * @throws MillraceError `invalid-request` when the form is broken or ends early.
 */
export async function* readFormStream(
  body: ReadableStream<Uint8Array>,
  boundary: string,
): AsyncGenerator<FormEvent, void, undefined> {
  const mark = encoder.encode(`\r\n--${boundary}`);
  const blank = encoder.encode("\r\n\r\n");
  const pending = new Pending(body);
  // What stands before the first mark is for nobody.
  for (let inPart = false; ;) {
    const at = indexOf(pending.bytes, mark);
    if (at < 0) {
      const safe = Math.max(0, pending.bytes.length - mark.length);
      // A mark may have begun in what is held back.
      const cut = safe === 0 ? 0 : safe;
      const bytes = pending.take(cut);
      if (inPart && bytes.length > 0) yield { type: "data", bytes };
      await pending.more();
      continue;
    }
    const bytes = pending.take(at);
    if (inPart && bytes.length > 0) yield { type: "data", bytes };
    if (inPart) yield { type: "end" };
    pending.take(mark.length);
    await pending.atLeast(2);
    if (pending.bytes[0] === 0x2d && pending.bytes[1] === 0x2d) return pending.drain();
    if (pending.bytes[0] !== CR) throw broken();
    let end = indexOf(pending.bytes, blank);
    for (; end < 0; end = indexOf(pending.bytes, blank)) {
      if (pending.bytes.length > MAX_PART_HEADER_BYTES) throw broken();
      await pending.more();
    }
    yield partOf(decoder.decode(pending.take(end + blank.length).subarray(2)));
    inPart = true;
  }
}

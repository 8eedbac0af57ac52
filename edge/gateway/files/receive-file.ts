import {
  type FileObject,
  fileUploadSchema,
  isMillraceError,
  MAX_FILE_BYTES,
  MillraceError,
} from "@millrace/core/contract";
import { formBoundary, type FormEvent, readFormStream } from "../http/form-stream.ts";
import { validateRequest } from "../http/validate-request.ts";
import type { FileOwner, FileStore } from "./file-store.ts";
import type { ObjectWriter } from "./object-writer.ts";

/** The form around a file. */
const FORM_BYTES = 64 * 1024;
/** One field beside the file. */
const MAX_FIELD_BYTES = 1024;
/** A name must fit, encoded, into what R2 keeps beside an object (2 KiB). */
const MAX_FILENAME_CHARS = 120;

const decoder = new TextDecoder();

export interface ReceiveDeps {
  readonly files: FileStore;
  readonly newFileId: () => string;
  readonly nowMs: () => number;
}

interface Received {
  readonly filename: string;
  readonly bytes: number;
  readonly fields: Readonly<Record<string, string>>;
}

function tooLarge(): MillraceError {
  return new MillraceError("body-too-large", { message: `A file holds at most ${MAX_FILE_BYTES} bytes.` });
}

function invalid(param: string, message: string): MillraceError {
  return new MillraceError("invalid-request", { param, message: `${param}: ${message}` });
}

/** Takes a form apart; the file goes to `writer` as it comes. After a refusal it only listens to the end, so that the sender hears why. */
class FormReader {
  readonly #writer: ObjectWriter;
  readonly #fields: Record<string, string> = {};
  #filename: string | undefined;
  #name = "";
  #refusal: MillraceError | undefined;

  constructor(writer: ObjectWriter) {
    this.#writer = writer;
  }

  async see(event: FormEvent): Promise<void> {
    if (this.#refusal !== undefined) return;
    if (event.type === "part") this.#begin(event);
    else if (event.type === "data") await this.#add(event.bytes);
  }

  #begin({ name, filename }: Extract<FormEvent, { type: "part" }>): void {
    this.#name = name;
    if (name !== "file") this.#fields[name] = "";
    else if (filename === undefined) this.#refusal = invalid("file", "expected a file with a name.");
    else if (this.#filename !== undefined) this.#refusal = invalid("file", "expected one file.");
    else this.#filename = filename;
  }

  async #add(bytes: Uint8Array): Promise<void> {
    if (this.#name === "file") {
      if (this.#writer.bytes + bytes.length > MAX_FILE_BYTES) this.#refusal = tooLarge();
      else await this.#writer.write(bytes);
      return;
    }
    const text = (this.#fields[this.#name] ?? "") + decoder.decode(bytes);
    this.#fields[this.#name] = text;
    if (text.length > MAX_FIELD_BYTES) this.#refusal = invalid(this.#name, `at most ${MAX_FIELD_BYTES} bytes.`);
  }

  /** @throws MillraceError what is wrong with the form. */
  end(): Received {
    if (this.#refusal !== undefined) throw this.#refusal;
    if (this.#filename === undefined) throw invalid("file", "expected a file.");
    return { filename: this.#filename, bytes: this.#writer.bytes, fields: this.#fields };
  }
}

function describe(received: Received, id: string, nowMs: number): FileObject {
  const { filename, bytes, fields } = received;
  if (filename.length === 0 || filename.length > MAX_FILENAME_CHARS)
    throw invalid("file", `its name has 1 to ${MAX_FILENAME_CHARS} characters.`);
  if (bytes === 0) throw invalid("file", "it is empty.");
  validateRequest(fileUploadSchema, { ...fields, file: "" });
  const form = fileUploadSchema.parse({ ...fields, file: "" });
  const createdAt = Math.floor(nowMs / 1000);
  const seconds = form["expires_after[seconds]"];
  return {
    id,
    object: "file",
    bytes,
    created_at: createdAt,
    ...(seconds === undefined ? {} : { expires_at: createdAt + seconds }),
    filename,
    purpose: form.purpose,
    status: "processed",
  };
}

/**
 * Takes a file in: its bytes are stored as they come, and it is there once all of the form is.
 * @throws MillraceError `form-expected`, `body-too-large`, `invalid-request`, `state-unavailable`.
 */
export async function receiveFile(request: Request, owner: FileOwner, deps: ReceiveDeps): Promise<FileObject> {
  const boundary = formBoundary(request.headers.get("content-type"));
  if (boundary === undefined || request.body === null)
    throw new MillraceError("form-expected", { message: "The body must be `multipart/form-data`." });
  if (Number(request.headers.get("content-length") ?? 0) > 2 * (MAX_FILE_BYTES + FORM_BYTES)) throw tooLarge();
  const id = deps.newFileId();
  const writer = deps.files.writer(owner, id);
  try {
    const form = new FormReader(writer);
    for await (const event of readFormStream(request.body as ReadableStream<Uint8Array>, boundary))
      await form.see(event);
    const file = describe(form.end(), id, deps.nowMs());
    await writer.finish();
    await deps.files.commit(owner, file);
    return file;
  } catch (cause) {
    await writer.abort();
    if (isMillraceError(cause)) throw cause;
    throw new MillraceError("state-unavailable", { message: "The store of files is away.", cause });
  }
}

import { type BatchEndpoint, type BatchError, MAX_BATCH_LINES, MAX_BODY_BYTES } from "@millrace/core/contract";
import type { LinePlace } from "./batch-book.ts";
import { type BatchLine, readLine } from "./read-line.ts";
import { type FileLine, readLines } from "./read-lines.ts";

/** Faults that are told at once; a file with more is wrong as a whole. */
const MAX_ERRORS = 100;
/** Lines that are noted in one transaction. */
const LINES_PER_NOTE = 500;

const decoder = new TextDecoder();

export interface ValidatedInput {
  readonly errors: readonly BatchError[];
  /** Undefined = the lines name several. */
  readonly onlyModel: string | undefined;
}

export interface ValidateDeps {
  readonly endpoint: BatchEndpoint;
  readonly add: (places: readonly LinePlace[]) => void;
}

/** What is known of an input file as far as it was read. */
class InputNotes {
  readonly errors: BatchError[] = [];
  readonly models = new Set<string>();
  /** Custom ids, with the numbers of their lines. */
  readonly #seen = new Map<string, number>();
  readonly #deps: ValidateDeps;
  #noted: LinePlace[] = [];

  constructor(deps: ValidateDeps) {
    this.#deps = deps;
  }

  #fail(line: number | null, error: Omit<BatchError, "line">): void {
    this.errors.push({ ...error, line });
  }

  /** Whether there is a point in reading on. */
  see({ number, start, length, bytes }: FileLine): boolean {
    const text = bytes === undefined ? undefined : decoder.decode(bytes).trim();
    if (text === "") return true;
    if (text === undefined) {
      this.#fail(number, {
        code: "line_too_long",
        message: `A line holds at most ${MAX_BODY_BYTES} bytes.`,
        param: null,
      });
    } else {
      const verdict = readLine(text, this.#deps.endpoint);
      if (verdict.ok) this.#add(verdict.line, { number, start, length });
      else this.#fail(number, verdict.error);
    }
    return this.errors.length < MAX_ERRORS && this.#seen.size <= MAX_BATCH_LINES;
  }

  #add({ customId, model }: BatchLine, at: Omit<FileLine, "bytes">): void {
    const before = this.#seen.get(customId);
    if (before !== undefined) {
      const message = `custom_id: line ${before} has the same.`;
      return this.#fail(at.number, { code: "duplicate_custom_id", message, param: "custom_id" });
    }
    if (this.models.size < 2) this.models.add(model);
    this.#noted.push({ n: this.#seen.size, customId, start: at.start, length: at.length });
    this.#seen.set(customId, at.number);
    if (this.#seen.size > MAX_BATCH_LINES) {
      const message = `A batch has at most ${MAX_BATCH_LINES} lines.`;
      this.#fail(at.number, { code: "too_many_lines", message, param: null });
    }
    if (this.#noted.length >= LINES_PER_NOTE) this.flush();
  }

  flush(): void {
    this.#deps.add(this.#noted);
    this.#noted = [];
  }

  end(): ValidatedInput {
    this.flush();
    if (this.#seen.size === 0 && this.errors.length === 0)
      this.#fail(null, { code: "empty_file", message: "The input file has no line.", param: null });
    const [only] = this.models;
    return { errors: this.errors, onlyModel: this.models.size === 1 ? only : undefined };
  }
}

/** Reads a whole input file once, notes where its lines are, and says what is wrong with them by number. */
export async function validateInput(body: ReadableStream<Uint8Array>, deps: ValidateDeps): Promise<ValidatedInput> {
  const notes = new InputNotes(deps);
  for await (const line of readLines(body, MAX_BODY_BYTES)) if (!notes.see(line)) break;
  return notes.end();
}

const REPLACEMENT = 0xfffd;
const LARGEST_CODE_POINT = 0x10_ffff;

/** Bytes of a sequence by its first byte's high half; 0 = not a first byte (llama.cpp, llama-grammar.cpp, decode_utf8). */
const LENGTHS = [1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 2, 2, 3, 4];

/**
 * Bytes that arrive in pieces → whole characters. Reads sequences by their structure, exactly as llama.cpp's grammars do, so that a
 * text that a grammar admitted has the characters that the grammar saw; a strict decoder would turn one ill-formed sequence into several
 * U+FFFD and so break a length that was kept. What is no character becomes one U+FFFD.
 */
export class Utf8Pieces {
  #value = 0;
  #missing = 0;

  push(bytes: Uint8Array): string {
    let text = "";
    for (const byte of bytes) {
      if (this.#missing > 0) {
        if (byte >> 6 === 0b10) {
          this.#value = (this.#value << 6) | (byte & 0x3f);
          this.#missing -= 1;
          if (this.#missing === 0) text += character(this.#value);
          continue;
        }
        this.#missing = 0;
        text += String.fromCodePoint(REPLACEMENT);
      }
      const length = LENGTHS[byte >> 4] ?? 0;
      if (length === 0) text += String.fromCodePoint(REPLACEMENT);
      else if (length === 1) text += String.fromCharCode(byte);
      else {
        this.#value = byte & ((1 << (7 - length)) - 1);
        this.#missing = length - 1;
      }
    }
    return text;
  }

  /** An unfinished character at the end becomes U+FFFD. */
  end(): string {
    const unfinished = this.#missing > 0;
    this.#missing = 0;
    return unfinished ? String.fromCodePoint(REPLACEMENT) : "";
  }
}

function character(value: number): string {
  const isSurrogate = value >= 0xd800 && value <= 0xdfff;
  return String.fromCodePoint(isSurrogate || value > LARGEST_CODE_POINT ? REPLACEMENT : value);
}

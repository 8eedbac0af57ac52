/** What the text side of a tokenizer needs of the model file. */
export interface Vocabulary {
  /** `gpt2` = byte-level BPE, `llama` = SentencePiece; anything else is asked of the engine. */
  readonly kind: string;
  readonly tokens: readonly string[];
  /** GGUF token types: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte. */
  readonly types: readonly number[];
}

const CONTROL = 3;
const USER_DEFINED = 4;
const BYTE = 6;
const NOTHING = new Uint8Array(0);

/** Inverse of GPT-2's byte → character table (openai/gpt-2 encoder.py). */
function byteOfCharacter(): ReadonlyMap<string, number> {
  const map = new Map<string, number>();
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
    map.set(String.fromCodePoint(printable ? byte : next++), byte);
  }
  return map;
}

/**
 * Token → the bytes it stands for, remembered per token. Bytes, not text: a character may be spread over several tokens.
 * Control tokens stand for nothing.
 */
export function tokenBytesOf(
  vocabulary: Vocabulary,
  detokenize: (token: number) => string,
): (token: number) => Uint8Array {
  const bytes = byteOfCharacter();
  const known = new Map<number, Uint8Array>();
  const encoder = new TextEncoder();
  const compute = (token: number): Uint8Array => {
    const text = vocabulary.tokens[token];
    const type = vocabulary.types[token];
    if (text === undefined) return encoder.encode(detokenize(token));
    if (type === CONTROL) return NOTHING;
    if (type === USER_DEFINED) return encoder.encode(text);
    if (vocabulary.kind === "gpt2") {
      return Uint8Array.from(
        Array.from(text).flatMap((character) => bytes.get(character) ?? [...encoder.encode(character)]),
      );
    }
    if (vocabulary.kind === "llama") {
      if (type === BYTE) return Uint8Array.of(Number.parseInt(text.slice(3, 5), 16));
      return encoder.encode(text.replaceAll("▁", " "));
    }
    return encoder.encode(detokenize(token));
  };
  return (token) => {
    const cached = known.get(token);
    if (cached !== undefined) return cached;
    const computed = compute(token);
    known.set(token, computed);
    return computed;
  };
}

/** The control tokens' texts and ids, longest first so that the longest match wins. */
export function controlTokens(vocabulary: Vocabulary): readonly (readonly [text: string, token: number])[] {
  return vocabulary.types
    .flatMap((type, token): (readonly [string, number])[] => {
      const text = vocabulary.tokens[token];
      return (type === CONTROL || type === USER_DEFINED) && text ? [[text, token]] : [];
    })
    .sort(([a], [b]) => b.length - a.length);
}

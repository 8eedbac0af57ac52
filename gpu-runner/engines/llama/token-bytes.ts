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

export interface PieceFacts {
  readonly bytesOf: (token: number) => Uint8Array;
  /** Whether the tokenizer swallows the spaces around a token. */
  readonly stripsSpace: (token: number) => boolean;
}

/** Whether every byte has a token of its own: a byte without one is left out of a prompt. */
function hasEveryByte({ kind, tokens }: Vocabulary): boolean {
  if (kind !== "gpt2") return true;
  const characters = byteOfCharacter();
  return new Set(tokens.filter((text) => characters.has(text))).size === characters.size;
}

/**
 * The most bytes of a plain text that one token stands for. Undefined where there is no such bound: in the kinds that make one token of a whole
 * unknown word, where bytes are left out, and where a token swallows the spaces around it.
 */
export function longestPieceBytes(vocabulary: Vocabulary, facts: PieceFacts): number | undefined {
  const { kind, tokens, types } = vocabulary;
  if ((kind !== "gpt2" && kind !== "llama") || !hasEveryByte(vocabulary)) return undefined;
  let longest = 1;
  for (const [token, text] of tokens.entries()) {
    if (types[token] === CONTROL) continue;
    if (types[token] === USER_DEFINED && facts.stripsSpace(token)) return undefined;
    // A piece's name is never shorter than its bytes: most of a large vocabulary need not be looked at.
    if (Buffer.byteLength(text) > longest) longest = Math.max(longest, facts.bytesOf(token).length);
  }
  return longest;
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

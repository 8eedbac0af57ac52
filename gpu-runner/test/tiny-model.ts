import { writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Writes a GGUF with random, seeded weights (Llama architecture, byte-level BPE, chat template): a model that speaks nonsense but runs in
 * the real engine, so that the runner's tests need neither a download nor the trained model. Layout: ggml-org/ggml docs/gguf.md, version 3.
 */
export interface TinyModelOptions {
  readonly seed?: number;
  readonly contextLength?: number;
  readonly chatTemplate?: string | null;
  /** Default: as small as llama.cpp takes. */
  readonly shape?: ModelShape;
}

export const TINY_TEMPLATE =
  "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}";
export const TINY_SPECIALS = ["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"];
const WORDS = ["the", " the", " and", "in", "er", " order", "ing", "hello", " world"];

export interface ModelShape {
  readonly embedding: number;
  readonly feedForward: number;
  readonly layers: number;
  /** Tokens beside bytes, words and specials, that only make the vocabulary as large as a real one's. */
  readonly extraTokens: number;
}

const TINY: ModelShape = { embedding: 64, feedForward: 128, layers: 2, extraTokens: 0 };
/** The shape of the shipped model (gpu-runner/models/millrace-support): the same work per token. */
export const SHIPPED_SHAPE: ModelShape = { embedding: 256, feedForward: 512, layers: 4, extraTokens: 2787 };
const HEADS = 4;
const KV_HEADS = 2;
const ALIGNMENT = 32;

/** GPT-2's reversible byte → character table (openai/gpt-2 encoder.py). */
function byteCharacters(): string[] {
  const printable = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
}

function vocabulary(extraTokens: number): { tokens: string[]; types: number[]; merges: string[] } {
  const bytes = byteCharacters();
  const tokens = [...bytes];
  const known = new Set(tokens);
  const merges: string[] = [];
  for (const word of WORDS) {
    const characters = Array.from(new TextEncoder().encode(word), (byte: number) => bytes[byte] ?? "");
    let left = characters[0] ?? "";
    for (const right of characters.slice(1)) {
      if (!known.has(left + right)) {
        merges.push(`${left} ${right}`);
        tokens.push(left + right);
        known.add(left + right);
      }
      left += right;
    }
  }
  for (let extra = 0; extra < extraTokens; extra++) tokens.push(`x${extra}`);
  const types = tokens.map(() => 1);
  for (const special of TINY_SPECIALS) {
    tokens.push(special);
    types.push(3);
  }
  return { tokens, types, merges };
}

function seededNormal(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return () => Math.sqrt(-2 * Math.log(uniform() + 1e-12)) * Math.cos(2 * Math.PI * uniform());
}

class GgufBytes {
  readonly parts: Buffer[] = [];
  u32(value: number): void {
    const buffer = Buffer.alloc(4);
    buffer.writeUInt32LE(value);
    this.parts.push(buffer);
  }
  u64(value: number): void {
    const buffer = Buffer.alloc(8);
    buffer.writeBigUInt64LE(BigInt(value));
    this.parts.push(buffer);
  }
  f32(value: number): void {
    const buffer = Buffer.alloc(4);
    buffer.writeFloatLE(value);
    this.parts.push(buffer);
  }
  text(value: string): void {
    const bytes = Buffer.from(value);
    this.u64(bytes.length);
    this.parts.push(bytes);
  }
  key(name: string, type: number): void {
    this.text(name);
    this.u32(type);
  }
}

type Metadata = Record<
  string,
  { u32: number } | { f32: number } | { text: string } | { bool: boolean } | { texts: string[] } | { i32s: number[] }
>;

function writeMetadata(out: GgufBytes, metadata: Metadata): void {
  for (const [name, value] of Object.entries(metadata)) {
    if ("u32" in value) {
      out.key(name, 4);
      out.u32(value.u32);
    } else if ("f32" in value) {
      out.key(name, 6);
      out.f32(value.f32);
    } else if ("bool" in value) {
      out.key(name, 7);
      out.parts.push(Buffer.from([value.bool ? 1 : 0]));
    } else if ("text" in value) {
      out.key(name, 8);
      out.text(value.text);
    } else if ("texts" in value) {
      out.key(name, 9);
      out.u32(8);
      out.u64(value.texts.length);
      for (const text of value.texts) out.text(text);
    } else {
      out.key(name, 9);
      out.u32(5);
      out.u64(value.i32s.length);
      for (const number of value.i32s) out.u32(number);
    }
  }
}

function tensors(
  vocabularySize: number,
  { embedding, feedForward, layers }: ModelShape,
  seed: number,
): { name: string; shape: number[]; data: Float32Array }[] {
  const normal = seededNormal(seed);
  const kv = (embedding / HEADS) * KV_HEADS;
  const random = (name: string, shape: number[], deviation: number) => ({
    name,
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => normal() * deviation),
  });
  const ones = (name: string) => ({ name, shape: [embedding], data: new Float32Array(embedding).fill(1) });
  const out = random("output.weight", [embedding, vocabularySize], 0.35);
  // The end token's row is zero, so that greedy decoding runs to the length limit and stop conditions are the test's own.
  out.data.fill(0, (vocabularySize - TINY_SPECIALS.length) * embedding);
  const list = [random("token_embd.weight", [embedding, vocabularySize], 1), ones("output_norm.weight"), out];
  for (let layer = 0; layer < layers; layer++) {
    const name = (part: string) => `blk.${layer}.${part}.weight`;
    list.push(
      ones(name("attn_norm")),
      random(name("attn_q"), [embedding, embedding], 0.2),
      random(name("attn_k"), [embedding, kv], 0.2),
      random(name("attn_v"), [embedding, kv], 0.2),
      random(name("attn_output"), [embedding, embedding], 0.2),
      ones(name("ffn_norm")),
      random(name("ffn_gate"), [embedding, feedForward], 0.2),
      random(name("ffn_up"), [embedding, feedForward], 0.2),
      random(name("ffn_down"), [feedForward, embedding], 0.2),
    );
  }
  return list;
}

/** The bytes of the model; equal options give equal bytes. */
export function tinyModelBytes(options: TinyModelOptions = {}): Buffer {
  const shape = options.shape ?? TINY;
  const { tokens, types, merges } = vocabulary(shape.extraTokens);
  const endToken = tokens.length - TINY_SPECIALS.length;
  const template = options.chatTemplate === undefined ? TINY_TEMPLATE : options.chatTemplate;
  const metadata: Metadata = {
    "general.architecture": { text: "llama" },
    "general.name": { text: "tiny-nonsense" },
    "llama.context_length": { u32: options.contextLength ?? 512 },
    "llama.embedding_length": { u32: shape.embedding },
    "llama.block_count": { u32: shape.layers },
    "llama.feed_forward_length": { u32: shape.feedForward },
    "llama.attention.head_count": { u32: HEADS },
    "llama.attention.head_count_kv": { u32: KV_HEADS },
    "llama.rope.dimension_count": { u32: shape.embedding / HEADS },
    "llama.attention.layer_norm_rms_epsilon": { f32: 1e-5 },
    "llama.vocab_size": { u32: tokens.length },
    "tokenizer.ggml.model": { text: "gpt2" },
    "tokenizer.ggml.pre": { text: "gpt-2" },
    "tokenizer.ggml.tokens": { texts: tokens },
    "tokenizer.ggml.token_type": { i32s: types },
    "tokenizer.ggml.merges": { texts: merges },
    "tokenizer.ggml.eos_token_id": { u32: endToken },
    "tokenizer.ggml.add_bos_token": { bool: false },
    ...(template === null ? {} : { "tokenizer.chat_template": { text: template } }),
  };
  const list = tensors(tokens.length, shape, options.seed ?? 7);
  const out = new GgufBytes();
  out.parts.push(Buffer.from("GGUF"));
  out.u32(3);
  out.u64(list.length);
  out.u64(Object.keys(metadata).length);
  writeMetadata(out, metadata);
  let offset = 0;
  for (const tensor of list) {
    out.text(tensor.name);
    out.u32(tensor.shape.length);
    for (const size of tensor.shape) out.u64(size);
    out.u32(0);
    out.u64(offset);
    offset += Math.ceil(tensor.data.byteLength / ALIGNMENT) * ALIGNMENT;
  }
  const header = Buffer.concat(out.parts);
  const pad = (length: number) => Buffer.alloc(Math.ceil(length / ALIGNMENT) * ALIGNMENT - length);
  const body = list.flatMap(({ data }) => [Buffer.from(data.buffer), pad(data.byteLength)]);
  return Buffer.concat([header, pad(header.length), ...body]);
}

/** Writes the model into a folder and returns its path. */
export function writeTinyModel(folder: string, options: TinyModelOptions = {}): string {
  const path = join(folder, "tiny-f32.gguf");
  writeFileSync(path, tinyModelBytes(options));
  return path;
}

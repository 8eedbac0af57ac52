import { sha256Hex } from "@millrace/core/content";

/** OpenAI's bound on the name of a function; Anthropic allows twice as much, and coding tools use it. */
const MAX_NAME_CHARS = 64;
const DIGEST_CHARS = 8;
const FORBIDDEN = /[^A-Za-z0-9_-]/g;

/** Names of tools as the pipeline may carry them, and back. What fits is not touched. */
export class ToolNames {
  readonly #originals = new Map<string, string>();

  /** The same name always becomes the same, and two names never the same one. */
  inward(name: string): string {
    const plain = name.replaceAll(FORBIDDEN, "_");
    if (plain === name && name.length <= MAX_NAME_CHARS) return name;
    const kept = plain.slice(0, MAX_NAME_CHARS - DIGEST_CHARS - 1);
    const short = `${kept}_${sha256Hex(name).slice(0, DIGEST_CHARS)}`;
    this.#originals.set(short, name);
    return short;
  }

  outward(name: string): string {
    return this.#originals.get(name) ?? name;
  }
}

import { asFields, asText, type Fields } from "../../json/vendor-json.ts";

interface OpenBlock {
  text: string | undefined;
  thought: string | undefined;
  signature: string | undefined;
  redacted: string | undefined;
  tool: Fields | undefined;
  json: string;
}

function whole(block: OpenBlock): Fields[] {
  if (block.tool !== undefined) return [{ toolUse: { ...block.tool, input: inputOf(block.json) } }];
  if (block.redacted !== undefined) return [{ reasoningContent: { redactedContent: block.redacted } }];
  if (block.thought !== undefined || block.signature !== undefined) {
    const { thought = "", signature } = block;
    const reasoningText = { text: thought, ...(signature === undefined ? {} : { signature }) };
    return [{ reasoningContent: { reasoningText } }];
  }
  return block.text === undefined ? [] : [{ text: block.text }];
}

/** Text that is cut by the limit of tokens went to the caller as it came; the block has no input then. */
function inputOf(json: string): Fields {
  try {
    return asFields(JSON.parse(json)) ?? {};
  } catch {
    return {};
  }
}

/** Puts the blocks of a stream together again, as the same answer would have held them in one piece. */
export class BlockCollector {
  readonly #blocks = new Map<number, OpenBlock>();

  at(index: number): OpenBlock {
    let block = this.#blocks.get(index);
    if (block === undefined) {
      block = {
        text: undefined,
        thought: undefined,
        signature: undefined,
        redacted: undefined,
        tool: undefined,
        json: "",
      };
      this.#blocks.set(index, block);
    }
    return block;
  }

  add(index: number, delta: Fields): void {
    const block = this.at(index);
    const [text, reasoning] = [asText(delta["text"]), asFields(delta["reasoningContent"])];
    const [thought, signature, redacted] = [
      asText(reasoning?.["text"]),
      asText(reasoning?.["signature"]),
      asText(reasoning?.["redactedContent"]),
    ];
    if (text !== undefined) block.text = (block.text ?? "") + text;
    if (thought !== undefined) block.thought = (block.thought ?? "") + thought;
    if (signature !== undefined) block.signature = (block.signature ?? "") + signature;
    if (redacted !== undefined) block.redacted = (block.redacted ?? "") + redacted;
    block.json += asText(asFields(delta["toolUse"])?.["input"]) ?? "";
  }

  blocks(): readonly Fields[] {
    return [...this.#blocks].toSorted(([a], [b]) => a - b).flatMap(([, block]) => whole(block));
  }
}

import { asFields, asList, asText, type Fields } from "../../json/vendor-json.ts";

interface OpenBlock {
  readonly block: Record<string, unknown>;
  json: string;
}

/** Puts the blocks of a stream together again, as the same answer would have held them in one piece. */
export class BlockCollector {
  readonly #blocks = new Map<number, OpenBlock>();

  open(index: number, block: Fields): void {
    this.#blocks.set(index, { block: { ...block }, json: "" });
  }

  /** A kind of delta that is not known changes nothing. */
  add(index: number, delta: Fields): void {
    const open = this.#blocks.get(index);
    if (open === undefined) return;
    const append = (field: string): void => {
      open.block[field] = (asText(open.block[field]) ?? "") + (asText(delta[field]) ?? "");
    };
    switch (delta["type"]) {
      case "text_delta":
        return append("text");
      case "thinking_delta":
        return append("thinking");
      case "signature_delta":
        return append("signature");
      case "input_json_delta":
        open.json += asText(delta["partial_json"]) ?? "";
        return;
      case "citations_delta":
        open.block["citations"] = [...asList(open.block["citations"]), delta["citation"]];
        return;
      default:
    }
  }

  /** The block is over. @returns its JSON text, if it has one. */
  close(index: number): string | undefined {
    const open = this.#blocks.get(index);
    if (open === undefined || !("input" in open.block)) return undefined;
    try {
      if (open.json !== "") open.block["input"] = asFields(JSON.parse(open.json)) ?? {};
    } catch {
      // Cut by the limit of tokens: the text went to the caller as it came, the block stays without it.
    }
    return open.json;
  }

  blocks(): readonly Fields[] {
    return [...this.#blocks].toSorted(([a], [b]) => a - b).map(([, { block }]) => block);
  }
}

import { asText, type Fields } from "../../json/vendor-json.ts";

/** Text and nothing else: such a part goes on where the last one of its kind ended. */
function isText(part: Fields): boolean {
  return typeof part["text"] === "string" && Object.keys(part).every((name) => name === "text" || name === "thought");
}

/** Whether OpenAI's form holds all of a part. */
function isPlain(part: Fields): boolean {
  const names = Object.keys(part);
  return names.length === 1 && (names[0] === "text" || names[0] === "functionCall");
}

/** The parts of one candidate over all chunks, as the model must get them back. */
export class PartCollector {
  readonly #parts: Record<string, unknown>[] = [];

  add(part: Fields): void {
    const last = this.#parts.at(-1);
    if (last !== undefined && isText(last) && isText(part) && last["thought"] === part["thought"])
      last["text"] = (asText(last["text"]) ?? "") + (asText(part["text"]) ?? "");
    else this.#parts.push({ ...part });
  }

  /** Undefined where OpenAI's form says it all. */
  parts(): readonly Fields[] | undefined {
    return this.#parts.every(isPlain) ? undefined : this.#parts;
  }
}

import type { ModelEvent } from "@millrace/core/contract";
import { JSON_TOOL } from "./json-tool.ts";

/** The tool calls of a stream that numbers all its blocks; the input of the tool that answers in JSON is the answer's text. */
export class ToolBlocks {
  readonly #answersByTool: boolean;
  /** Index of the block → index of the tool call; undefined for the tool whose input is the answer. */
  readonly #tools = new Map<number, number | undefined>();
  #calls = 0;

  constructor(answersByTool: boolean) {
    this.#answersByTool = answersByTool;
  }

  /** A block begins to call a tool. */
  open(
    block: number,
    { id, name }: { readonly id: string | undefined; readonly name: string | undefined },
  ): ModelEvent[] {
    if (this.#answersByTool && name === JSON_TOOL) {
      this.#tools.set(block, undefined);
      return [{ type: "text", choice: 0, text: "", logprobs: undefined }];
    }
    const index = this.#calls++;
    this.#tools.set(block, index);
    return [{ type: "tool-call", choice: 0, index, id, name, argumentsDelta: "" }];
  }

  /** More of a call's arguments; nothing for blocks that call no tool. */
  text(block: number, text: string): ModelEvent[] {
    if (!this.#tools.has(block) || text === "") return [];
    const index = this.#tools.get(block);
    if (index === undefined) return [{ type: "text", choice: 0, text, logprobs: undefined }];
    return [{ type: "tool-call", choice: 0, index, id: undefined, name: undefined, argumentsDelta: text }];
  }
}

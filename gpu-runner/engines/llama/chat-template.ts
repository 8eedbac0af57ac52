import { Template } from "@huggingface/jinja";
import { MillraceError } from "@millrace/core/contract";
import type { EngineMessage } from "../engine.ts";

/** A rendered prompt: what the template's author wrote, and what somebody else wrote. Only the first may hold control tokens. */
export type PromptPart = { readonly by: "template" | "message"; readonly text: string };

export interface ChatTemplateOptions {
  readonly source: string;
  readonly bosToken: string;
  readonly eosToken: string;
  /** Gives a string that no template contains; injected so that tests can repeat it. */
  readonly nonce: () => string;
}

/**
 * The model's own Jinja chat template. Contents are rendered as nonces and put back afterwards, so that text such as `<|system|>` in a
 * message stays text: it cannot forge a role.
 */
export class ChatTemplate {
  readonly #template: Template;
  readonly #options: ChatTemplateOptions;

  /** @throws Error when the template is not valid Jinja. */
  constructor(options: ChatTemplateOptions) {
    this.#template = new Template(options.source);
    this.#options = options;
  }

  /** @throws MillraceError `invalid-request` with the template's own words when it refuses the messages. */
  render(messages: readonly EngineMessage[]): PromptPart[] {
    try {
      return this.#renderOnce(messages);
    } catch (error) {
      // Some templates know no system role (Gemma's, for one); its text then opens the first user turn.
      const folded = foldSystem(messages);
      if (folded !== undefined) {
        try {
          return this.#renderOnce(folded);
        } catch {
          // The first refusal is the one that speaks of what the caller sent.
        }
      }
      const words = error instanceof Error ? error.message : String(error);
      throw new MillraceError("invalid-request", {
        param: "messages",
        message: `The model's chat template refuses these messages: ${words}`,
        cause: error,
      });
    }
  }

  #renderOnce(messages: readonly EngineMessage[]): PromptPart[] {
    const mark = this.#options.nonce();
    const rendered = this.#template.render({
      messages: messages.map((message, index) => ({ role: message.role, content: `${mark}${index};` })),
      add_generation_prompt: true,
      bos_token: this.#options.bosToken,
      eos_token: this.#options.eosToken,
    });
    const parts: PromptPart[] = [];
    const [head = "", ...rest] = rendered.split(mark);
    if (head !== "") parts.push({ by: "template", text: head });
    for (const piece of rest) {
      const end = piece.indexOf(";");
      const message = messages[Number(piece.slice(0, end))];
      if (end < 0 || message === undefined) throw new Error("the template changes the text of messages");
      parts.push({ by: "message", text: message.content });
      if (end + 1 < piece.length) parts.push({ by: "template", text: piece.slice(end + 1) });
    }
    return parts;
  }
}

function foldSystem(messages: readonly EngineMessage[]): EngineMessage[] | undefined {
  const system = messages.filter((message) => message.role === "system").map((message) => message.content);
  const others = messages.filter((message) => message.role !== "system");
  const first = others[0];
  if (system.length === 0 || first?.role !== "user") return undefined;
  return [{ role: "user", content: [...system, first.content].join("\n\n") }, ...others.slice(1)];
}

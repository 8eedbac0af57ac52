import type { JsonObject, ModelEvent, ModelFrame } from "@millrace/core/contract";
import type { FrameSource, ModelAnswer, WholeAnswer } from "../../exchange/answer.ts";
import { asFields, asList, asText } from "../../json/vendor-json.ts";

/** Takes a known beginning off texts that come in pieces. A text that does not begin with it stays whole. */
class BeginningRemover {
  readonly #beginning: string;
  /** By choice: what has matched so far; undefined once that is decided. */
  readonly #held = new Map<number, string | undefined>();

  constructor(beginning: string) {
    this.#beginning = beginning;
  }

  /** What remains of a piece. */
  take(choice: number, text: string): string {
    const held = this.#held.has(choice) ? this.#held.get(choice) : "";
    if (held === undefined) return text;
    const seen = held + text;
    if (seen.length < this.#beginning.length && this.#beginning.startsWith(seen)) {
      this.#held.set(choice, seen);
      return "";
    }
    this.#held.set(choice, undefined);
    return seen.startsWith(this.#beginning) ? seen.slice(this.#beginning.length) : seen;
  }

  /** What was held back of a text that ended before it was decided. */
  end(choice: number): string {
    const held = this.#held.get(choice) ?? "";
    this.#held.set(choice, undefined);
    return held;
  }
}

/** The same chunk with other texts, and with text for a choice whose end comes without any. */
function rewriteRaw(raw: string | undefined, texts: ReadonlyMap<number, string>): string | undefined {
  if (raw === undefined) return undefined;
  const chunk = JSON.parse(raw) as JsonObject;
  const choices = asList(chunk["choices"]).map((value, position) => {
    const choice = asFields(value) ?? {};
    const text = texts.get(typeof choice["index"] === "number" ? choice["index"] : position);
    return text === undefined ? choice : { ...choice, delta: { ...asFields(choice["delta"]), content: text } };
  });
  return JSON.stringify({ ...chunk, choices });
}

function rewriteFrame(frame: ModelFrame, remover: BeginningRemover): ModelFrame {
  const texts = new Map<number, string>();
  let changed = false;
  const events: ModelEvent[] = [];
  for (const event of frame.events) {
    if (event.type === "text") {
      const text = remover.take(event.choice, event.text);
      changed ||= text !== event.text;
      texts.set(event.choice, (texts.get(event.choice) ?? "") + text);
      if (text !== "" || event.text === "") events.push({ ...event, text });
      continue;
    }
    if (event.type === "finish") {
      const { choice } = event;
      const text = remover.end(choice);
      changed ||= text !== "";
      if (text !== "") {
        texts.set(choice, (texts.get(choice) ?? "") + text);
        events.push({ type: "text", choice, text, logprobs: undefined });
      }
    }
    events.push(event);
  }
  return changed ? { ...frame, events, raw: rewriteRaw(frame.raw, texts) } : frame;
}

function rewriteWhole(answer: WholeAnswer, prefill: string): WholeAnswer {
  let changed = false;
  const choices = asList(answer.body["choices"]).map((value) => {
    const choice = asFields(value);
    const message = asFields(choice?.["message"]);
    const content = asText(message?.["content"]);
    if (content === undefined || !content.startsWith(prefill)) return value;
    changed = true;
    return { ...choice, message: { ...message, content: content.slice(prefill.length) } };
  });
  if (!changed) return answer;
  const body = { ...answer.body, choices } as JsonObject;
  return { ...answer, text: JSON.stringify(body), body };
}

/** An answer without the assistant turn that it was to continue, from a vendor that repeats it: what every other one sends. */
export function withoutPrefill(answer: ModelAnswer, prefill: string): ModelAnswer {
  if (answer.kind === "whole") return rewriteWhole(answer, prefill);
  if (answer.kind === "media") return answer;
  const remover = new BeginningRemover(prefill);
  const rewrite = (frames: readonly ModelFrame[]): readonly ModelFrame[] =>
    frames.map((frame) => rewriteFrame(frame, remover));
  const rest: FrameSource = {
    async next() {
      const frames = await answer.rest.next();
      return frames === undefined ? undefined : rewrite(frames);
    },
  };
  return { kind: "stream", first: rewrite(answer.first), rest };
}

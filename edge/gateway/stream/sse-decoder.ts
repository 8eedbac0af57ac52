import { createParser } from "eventsource-parser";
import { MillraceError } from "@millrace/core/contract";

/** One event of a stream; a tool call's arguments or a page of logprobs fit a hundred times over. */
const MAX_EVENT_CHARS = 4 * 1024 * 1024;

const LINE_END = /[\r\n]/;

/** Turns the bytes of an event stream into the `data` of its events, whatever the network did to the boundaries. */
export interface SseDecoder {
  /** @throws MillraceError `upstream-garbage` when one event outgrows its bound. */
  push(bytes: Uint8Array): readonly string[];
  /** What the last event held when the stream ended without its blank line. */
  end(): readonly string[];
}

/** Tolerates CRLF, comments, several `data` lines, a BOM, and events and characters that are split across reads. */
export function createSseDecoder(): SseDecoder {
  const decoder = new TextDecoder("utf-8");
  let events: string[] = [];
  let charsSinceEvent = 0;
  let last: { readonly id: string; readonly data: string } | undefined;
  const parser = createParser({
    onEvent: (event) => {
      charsSinceEvent = 0;
      const { id, data } = event;
      // Sent twice. Without an id nobody can tell, since a model may say the same word again; and an id alone may be the connection's.
      if (id !== undefined && id === last?.id && data === last.data) return;
      if (id !== undefined) last = { id, data };
      if (data !== "") events.push(data);
    },
  });
  /** The pieces of a line that is not over: the parser would scan it from its start again with each of them. */
  let unfinished: string[] = [];
  const feed = (text: string): void => {
    unfinished.push(text);
    if (!LINE_END.test(text)) return;
    const lines = unfinished.join("");
    unfinished = [];
    parser.feed(lines);
  };
  const take = (): readonly string[] => {
    const taken = events;
    events = [];
    return taken;
  };
  return {
    push(bytes) {
      const text = decoder.decode(bytes, { stream: true });
      charsSinceEvent += text.length;
      feed(text);
      if (charsSinceEvent > MAX_EVENT_CHARS && events.length === 0) {
        throw new MillraceError("upstream-garbage", { message: "The model's server sent an event without an end." });
      }
      return take();
    },
    end() {
      feed(`${decoder.decode()}\n\n`);
      return take();
    },
  };
}

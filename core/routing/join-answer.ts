/** Fits a later telling of an answer to the part of an earlier one that the caller has. Counts UTF-16 units, as the texts of JSON events do. */
export interface AnswerJoin {
  /** What of this text the caller does not have yet; undefined once the tellings differ. */
  take(text: string): string | undefined;
  /** The text is over: what was still kept back, once, or undefined when it ended before it had reached what the caller has. */
  end(): string | undefined;
}

/** Joins an answer that is told again from its start: everything delivered is suppressed, and must come again unit for unit. */
export function joinRegenerated(delivered: string): AnswerJoin {
  let matched = 0;
  return {
    take(text) {
      if (matched === delivered.length) return text;
      const length = Math.min(text.length, delivered.length - matched);
      if (!delivered.startsWith(text.slice(0, length), matched)) return undefined;
      matched += length;
      return text.slice(length);
    },
    end: () => (matched === delivered.length ? "" : undefined),
  };
}

/** As long a beginning does not come again by chance: a server that repeats it has started over instead of continuing. */
const RESTART_CHARS = 24;

function commonLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  for (let at = 0; at < most; at++) if (a.charCodeAt(at) !== b.charCodeAt(at)) return at;
  return most;
}

/**
 * Joins an answer that goes on where a prefill of `prefillLength` units ended; what was delivered behind that (white space, half a surrogate
 * pair) may come again. A server that ignores the prefill and starts over is found out, and what it repeats is suppressed.
 */
export function joinContinued(delivered: string, prefillLength: number): AnswerJoin {
  let tail = delivered.slice(prefillLength);
  /** What came while it could still be a restart. */
  let held: string | undefined = delivered.length >= RESTART_CHARS ? "" : undefined;

  const afterTail = (text: string): string | undefined => {
    const same = commonLength(tail, text);
    const rest = text.slice(same);
    tail = tail.slice(same);
    if (rest === "" || tail === "") return rest;
    // Its white space differs from ours, which the caller has already; anything else that differs cannot be joined.
    if (tail.trim() !== "") return undefined;
    tail = "";
    return rest.trimStart() === "" ? "" : rest;
  };

  return {
    take(text) {
      if (held === undefined) return afterTail(text);
      held += text;
      const same = commonLength(delivered, held);
      if (same === held.length && same < delivered.length) return "";
      const all = held;
      held = undefined;
      if (same === delivered.length) {
        tail = "";
        return all.slice(same);
      }
      return same >= RESTART_CHARS ? undefined : afterTail(all);
    },
    end() {
      const all = held ?? "";
      held = undefined;
      if (all === "") return "";
      return all.length >= RESTART_CHARS ? undefined : afterTail(all);
    },
  };
}

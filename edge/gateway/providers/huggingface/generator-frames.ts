import { MillraceError, type ModelFrame } from "@millrace/core/contract";
import type { FrameSource } from "../../exchange/answer.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import { asFields } from "../../json/vendor-json.ts";
import { chunkToEvents, readStart } from "../openai-wire/chunk-to-events.ts";
import { Completeness } from "../openai-wire/completeness.ts";

export interface GeneratorOptions {
  readonly onFrames: () => void;
  readonly mapError: (error: unknown) => MillraceError;
}

/** Frames of a stream that the library has parsed. Its generator ends quietly on a cut connection, so completeness is judged here. */
export function generatorFrames(
  chunks: AsyncGenerator<unknown>,
  call: Pick<ModelCall, "choices" | "wantsUsage">,
  options: GeneratorOptions,
): FrameSource {
  const completeness = new Completeness(call.choices);
  let started = false;
  const frameOf = (value: unknown): ModelFrame => {
    const chunk = asFields(value);
    if (chunk === undefined || !Array.isArray(chunk["choices"])) {
      throw new MillraceError("upstream-garbage", { message: "The model's stream held an event without choices." });
    }
    const events = started ? chunkToEvents(chunk) : [...readStart(chunk), ...chunkToEvents(chunk)];
    started = true;
    completeness.see(events);
    const hidden = !call.wantsUsage && chunk["choices"].length === 0 && chunk["usage"] !== undefined;
    return { events, raw: hidden ? undefined : JSON.stringify(chunk) };
  };
  return {
    async next() {
      try {
        const step = await chunks.next();
        if (!step.done) {
          options.onFrames();
          return [frameOf(step.value)];
        }
      } catch (error) {
        if (!completeness.complete) throw options.mapError(error);
      }
      if (!completeness.complete) throw new MillraceError("upstream-truncated");
      return undefined;
    },
  };
}

import { type ModelFrame, renderOpenAiError, type Surface } from "@millrace/core/contract";
import type { Dialect, StreamTeller, Teller } from "../dialect.ts";

function textOf(frames: readonly ModelFrame[]): string {
  let text = "";
  for (const frame of frames) if (frame.raw !== undefined) text += `data: ${frame.raw}\n\n`;
  return text;
}

const stream: StreamTeller = {
  frames: textOf,
  fault: (error) => `data: ${JSON.stringify(renderOpenAiError(error))}\n\n`,
  end: () => "data: [DONE]\n\n",
};
const teller: Teller = { whole: (answer) => answer.text, stream: () => stream };

/** The pipeline's own words: requests and answers go through as they are. */
export function openAiDialect(surface: Surface): Dialect {
  const accept: Dialect["accept"] = ({ body }) => ({ body, teller: () => teller });
  return { surface, asked: surface, requestIdHeader: "x-request-id", accept };
}

import { type ModelFrame, renderOpenAiError, type Surface } from "@millrace/core/contract";
import { readFormBody } from "../../http/read-form-body.ts";
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

const forms: ReadonlySet<Surface> = new Set(["image-edits", "image-variations", "transcriptions", "translations"]);

/** The pipeline's own words: requests and answers go through as they are. */
export function openAiDialect(surface: Surface): Dialect {
  const accept: Dialect["accept"] = ({ body }) => ({ body, teller: () => teller });
  const dialect: Dialect = { surface, asked: surface, requestIdHeader: "x-request-id", accept };
  return forms.has(surface) ? { ...dialect, readBody: readFormBody } : dialect;
}

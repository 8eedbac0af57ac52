import { MillraceError } from "@millrace/core/contract";
import { readBounded } from "../../http/read-bounded.ts";

/** The longest answer that is read as one piece: embeddings of 2,048 inputs fit. */
const MAX_ANSWER_BYTES = 24 * 1024 * 1024;

/** The text of a whole answer. @throws MillraceError `answer-too-large` when it is too long, `upstream-truncated` when it is cut. */
export async function readText(response: Response): Promise<string> {
  const tooLarge = (): MillraceError => new MillraceError("answer-too-large");
  try {
    // The length of a compressed answer says nothing about how much comes out of it.
    const contentLength = response.headers.has("content-encoding") ? null : response.headers.get("content-length");
    return new TextDecoder().decode(
      await readBounded(response, { contentLength, maxBytes: MAX_ANSWER_BYTES, tooLarge }),
    );
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause;
    throw new MillraceError("upstream-truncated", { cause });
  }
}

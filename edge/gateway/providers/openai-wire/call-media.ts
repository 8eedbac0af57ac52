import { type JsonObject, type MediaSurface, MillraceError } from "@millrace/core/contract";
import type { MediaAnswer } from "../../exchange/answer.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import { mediaFormOf } from "../../media/media-observer.ts";

/** The form as the target gets it: its own name of the model, every other part as it came. */
export function formFor({ form, target }: Pick<ModelCall, "form" | "target">): FormData {
  const body = new FormData();
  for (const [name, value] of form ?? []) {
    if (typeof value !== "string") body.append(name, value, value.name);
    else body.append(name, name === "model" ? target.model : value);
  }
  return body;
}

const FIRST_OF_JSON = /^[\s\u{feff}]*[{[]/u;

/** The stream from its first piece on. */
function rejoin(first: Uint8Array, reader: ReadableStreamDefaultReader<Uint8Array>): ReadableStream<Uint8Array> {
  let head: Uint8Array | undefined = first;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (head !== undefined) {
        controller.enqueue(head);
        head = undefined;
        return;
      }
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/**
 * An answer with pictures or sound, once its first piece is here and looks like what it says it is. Nothing behind that is held.
 * @throws MillraceError `upstream-garbage`, `upstream-truncated`.
 */
export async function mediaAnswer(
  response: Response,
  of: { readonly surface: MediaSurface; readonly fields: Readonly<JsonObject> },
): Promise<MediaAnswer> {
  const contentType = response.headers.get("content-type") ?? "application/octet-stream";
  if (/^text\/html\b/i.test(contentType)) {
    await response.body?.cancel();
    throw new MillraceError("upstream-garbage", { message: "The model's server answered with a web page." });
  }
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  const piece = await reader?.read().catch((cause: unknown) => {
    throw new MillraceError("upstream-truncated", { cause });
  });
  if (reader === undefined || piece?.value === undefined || piece.value.byteLength === 0)
    throw new MillraceError("upstream-garbage", { message: "The model's server answered with nothing." });
  const isJson = mediaFormOf(contentType) === "json";
  if (isJson && !FIRST_OF_JSON.test(new TextDecoder().decode(piece.value.subarray(0, 64)))) {
    await reader.cancel();
    throw new MillraceError("upstream-garbage", { message: "The model's server answered with text that is not JSON." });
  }
  return { kind: "media", contentType, body: rejoin(piece.value, reader), ...of };
}

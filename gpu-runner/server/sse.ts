import { MillraceError, renderOpenAiError, toMillraceError } from "@millrace/core/contract";
import type { RequestScope } from "./request-scopes.ts";

export interface StreamOptions {
  readonly scope: RequestScope;
  /** Produces the stream: each call of `write` is one server-sent event with JSON text. */
  readonly run: (write: (json: string) => void) => Promise<void>;
  readonly onEnd: (error: MillraceError | undefined) => void;
}

/**
 * A stream of server-sent events. The response begins with the first event, so that what fails before keeps its status code; what fails
 * later is told in the stream, and `[DONE]` then never comes: a broken answer cannot be taken for a whole one.
 */
export async function eventStream({ scope, run, onEnd }: StreamOptions): Promise<Response> {
  const encoder = new TextEncoder();
  const { readable, write, close } = openStream(() => scope.abort(new MillraceError("client-closed")));
  let opened = false;
  await new Promise<void>((resolve, reject) => {
    const emit = (json: string) => {
      write(encoder.encode(`data: ${json}\n\n`));
      if (!opened) {
        opened = true;
        resolve();
      }
    };
    run(emit).then(
      () => {
        emit("[DONE]");
        close();
        onEnd(undefined);
      },
      (thrown: unknown) => {
        const error = toMillraceError(thrown);
        if (opened) {
          emit(JSON.stringify(renderOpenAiError(error)));
          close();
          onEnd(error);
        } else reject(error);
      },
    );
  });
  return new Response(readable, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
    },
  });
}

function openStream(onCancel: () => void) {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const readable = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given;
    },
    cancel: () => {
      controller = undefined;
      onCancel();
    },
  });
  return {
    readable,
    // After the caller has left there is nobody to write to.
    write: (bytes: Uint8Array) => controller?.enqueue(bytes),
    close: () => {
      controller?.close();
      controller = undefined;
    },
  };
}

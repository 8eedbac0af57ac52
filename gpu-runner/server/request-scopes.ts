import { MillraceError } from "@millrace/core/contract";

/** One request in flight: its signal aborts when the caller leaves, the deadline passes or the runner shuts down. */
export interface RequestScope {
  readonly signal: AbortSignal;
  readonly startedMs: number;
  /** Ends the request's work; the first reason counts. */
  abort(reason: MillraceError): void;
  /** Must be called once when the answer is complete. */
  end(): void;
}

/** All requests in flight, so that a shutdown can wait for them, and end them. */
export class RequestScopes {
  readonly #open = new Set<RequestScope>();
  readonly #deadlineMs: number;
  #draining = false;
  #onEmpty: (() => void) | undefined;

  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  get size(): number {
    return this.#open.size;
  }

  /** @throws MillraceError `model-unavailable` while shutting down. */
  open(request: Request): RequestScope {
    if (this.#draining) throw new MillraceError("model-unavailable", { message: "The runner is shutting down." });
    const controller = new AbortController();
    const abort = (reason: MillraceError) => controller.abort(reason);
    const timer = setTimeout(
      () =>
        abort(new MillraceError("upstream-timeout", { message: `No complete answer within ${this.#deadlineMs} ms.` })),
      this.#deadlineMs,
    );
    const leave = () => abort(new MillraceError("client-closed"));
    if (request.signal.aborted) leave();
    else request.signal.addEventListener("abort", leave, { once: true });
    const scope: RequestScope = {
      signal: controller.signal,
      startedMs: performance.now(),
      abort,
      end: () => {
        clearTimeout(timer);
        request.signal.removeEventListener("abort", leave);
        this.#open.delete(scope);
        if (this.#open.size === 0) this.#onEmpty?.();
      },
    };
    this.#open.add(scope);
    return scope;
  }

  /** Refuses new requests, waits for the open ones up to the bound, then aborts what is left. */
  async drain(boundMs: number): Promise<void> {
    this.#draining = true;
    if (this.#open.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onEmpty = resolve;
        setTimeout(resolve, boundMs).unref();
      });
    }
    for (const scope of this.#open) {
      scope.abort(
        new MillraceError("engine-failed", { message: "The runner is shutting down; the answer is not complete." }),
      );
    }
  }
}

import { routeOf } from "./route-of.ts";

export interface Served {
  /** A name from a short list, never the caller's text. */
  readonly route: string;
  readonly status: number;
  /** Until the headers left. */
  readonly elapsedMs: number;
}

type Fetch<C> = (request: Request, env: unknown, context: C) => Response | Promise<Response>;

export interface TimedDeps<C> {
  readonly nowMs: () => number;
  readonly observe: (served: Served, context: C) => void;
}

/** The same response; one that came from elsewhere has headers that cannot be changed, and is copied. */
function withTiming(response: Response, elapsedMs: number): Response {
  const value = `total;dur=${elapsedMs.toFixed(2)}`;
  const origin = response.headers.get("access-control-allow-origin");
  const set = (target: Response): Response => {
    target.headers.set("server-timing", value);
    // Who may read the answer may read how long it took.
    if (origin !== null) target.headers.set("timing-allow-origin", origin);
    return target;
  };
  try {
    return set(response);
  } catch {
    return set(new Response(response.body, response));
  }
}

/**
 * Sees to `server-timing` (https://www.w3.org/TR/server-timing/) on every response: the pipeline names its stages itself, all others get the total.
 * Outside of the router, so that a request of the pipeline passes no middleware.
 */
export function timed<C>(
  fetch: Fetch<C>,
  { nowMs, observe }: TimedDeps<C>,
): (...args: Parameters<Fetch<C>>) => Promise<Response> {
  return async (request, env, context) => {
    const startedAtMs = nowMs();
    const response = await fetch(request, env, context);
    const elapsedMs = Math.max(0, nowMs() - startedAtMs);
    observe({ route: routeOf(request.url), status: response.status, elapsedMs }, context);
    return response.headers.has("server-timing") ? response : withTiming(response, elapsedMs);
  };
}

import { isMillraceError, MillraceError, toMillraceError } from "@millrace/core/contract";
import type { FrameSource, ModelAnswer } from "../../exchange/answer.ts";
import type { Resolution } from "../../exchange/resolution.ts";
import { providerRegistry } from "../../providers/registry.ts";
import { createGuardedFetch } from "./guarded-fetch.ts";
import { Watchdog, type WatchdogDeps } from "./watchdog.ts";

export interface DispatchDeps extends WatchdogDeps {
  readonly fetch: typeof fetch;
  readonly allowedPrivateHosts: readonly string[];
  /** The value of a secret of the caller's project. */
  readonly secret: (name: string) => string | undefined;
  /** Fires when the caller has left. */
  readonly callerLeft: AbortSignal;
}

function secretOf(resolution: Resolution, deps: DispatchDeps): string | undefined {
  const name = resolution.target.provider.secret;
  if (name === undefined) return undefined;
  const value = deps.secret(name);
  if (value === undefined) throw new MillraceError("secret-missing", { message: `The secret ${name} is not set.` });
  return value;
}

/**
 * Stage 7. Sends the resolved request to its target. Every wait has its limit, and a limit, like the caller's leaving, aborts the call itself.
 * A stream is returned once its first frames are here; its end or its fault releases the call.
 * @throws MillraceError of the catalogue; never anything else.
 */
export async function dispatch(resolution: Resolution, deps: DispatchDeps): Promise<ModelAnswer> {
  const controller = new AbortController();
  const leave = (): void => controller.abort(new MillraceError("client-closed"));
  if (deps.callerLeft.aborted) leave();
  const secret = secretOf(resolution, deps);
  deps.callerLeft.addEventListener("abort", leave, { once: true });
  const watchdog = new Watchdog(resolution.target.provider.timeouts, (error) => controller.abort(error), deps);
  const release = (): void => {
    watchdog.stop();
    deps.callerLeft.removeEventListener("abort", leave);
  };
  /** A limit or the caller's leaving is the cause, whatever the abort looked like from inside. */
  const failure = (error: unknown): MillraceError => {
    const reason: unknown = controller.signal.reason;
    return isMillraceError(reason) ? reason : toMillraceError(error);
  };
  try {
    const adapter = providerRegistry[resolution.target.provider.kind];
    const answer = await adapter.call(resolution, {
      fetch: createGuardedFetch({ ...deps, signal: controller.signal }),
      secret,
      awaiting: (phase) => watchdog.awaiting(phase),
    });
    if (answer.kind === "stream") return { ...answer, rest: released(answer.rest, { release, failure }) };
    release();
    return answer;
  } catch (error) {
    release();
    const mapped = failure(error);
    // Stops what may still be under way upstream.
    controller.abort(mapped);
    throw mapped;
  }
}

interface StreamEnd {
  readonly release: () => void;
  readonly failure: (error: unknown) => MillraceError;
}

/** The same stream, releasing its call when it is over. */
function released(source: FrameSource, end: StreamEnd): FrameSource {
  return {
    async next() {
      try {
        const batch = await source.next();
        if (batch === undefined) end.release();
        return batch;
      } catch (error) {
        end.release();
        throw end.failure(error);
      }
    },
  };
}

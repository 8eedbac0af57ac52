import { spawn } from "node:child_process";

export interface Guardian {
  /** A clean end: nothing is killed any more. */
  dismiss(): void;
}

/** Reads until its pipe closes, which it does when this process is gone, then ends what is left. Ctrl-C is not for it. */
const script = 'trap "" INT TERM HUP; cat >/dev/null; kill -9 "$@" 2>/dev/null';

/**
 * Ends the given processes when this one dies without a chance to do so (`kill -9`): workerd would stay and keep the port.
 * Does nothing on Windows, which has no `sh`.
 */
export function guard(pids: readonly number[]): Guardian {
  if (process.platform === "win32" || pids.length === 0) return { dismiss: () => undefined };
  const sh = spawn("sh", ["-c", script, "millrace-guardian", ...pids.map(String)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  sh.on("error", () => undefined);
  sh.unref();
  return { dismiss: () => void sh.kill("SIGKILL") };
}

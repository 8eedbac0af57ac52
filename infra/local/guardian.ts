import { spawn } from "node:child_process";

export interface Guardian {
  /** A clean end: nothing is killed any more. */
  dismiss(): void;
}

/**
 * Keeps the last list of processes it was told, until its pipe closes, which it does when this process is gone; then ends what is left.
 * Ctrl-C is not for it.
 */
const script = 'trap "" INT TERM HUP; while read -r line; do pids=$line; done; kill -9 $pids 2>/dev/null';
/** A child that crashed and was started again is known after this long. */
const LOOK_AGAIN_MS = 2_000;

/**
 * Ends the children of this process when it dies without a chance to do so (`kill -9`): workerd would stay and keep the port.
 * Does nothing on Windows, which has no `sh`.
 */
export function guard(children: () => Promise<readonly number[]>): Guardian {
  if (process.platform === "win32") return { dismiss: () => undefined };
  const sh = spawn("sh", ["-c", script, "millrace-guardian"], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  sh.on("error", () => undefined);
  sh.stdin.on("error", () => undefined);
  sh.unref();
  let told = "";
  const tell = async (): Promise<void> => {
    const line = (await children()).filter((pid) => pid !== sh.pid).join(" ");
    if (line !== told && sh.stdin.writable) sh.stdin.write(`${line}\n`);
    told = line;
  };
  void tell();
  const timer = setInterval(() => void tell(), LOOK_AGAIN_MS);
  timer.unref();
  return {
    dismiss: () => {
      clearInterval(timer);
      sh.kill("SIGKILL");
    },
  };
}

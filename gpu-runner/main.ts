/** The runner: `node gpu-runner/main.ts [--strict]`. Settings: config.ts. Wiring: runner.ts. */
import { readConfig } from "./config.ts";
import { startRunner } from "./runner.ts";

const log = (event: object) => process.stdout.write(`${JSON.stringify(event)}\n`);

try {
  const runner = await startRunner(readConfig(process.env, process.argv.slice(2)), { log });
  log({ event: "listening", url: runner.url });
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) process.exit(1);
    stopping = true;
    log({ event: "stopping", signal });
    void runner.stop().then(() => process.exit(0));
  };
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
  void runner.failed.then((reason) => {
    log({ event: "model-failed", reason });
    if (process.argv.includes("--strict")) void runner.stop().then(() => process.exit(1));
  });
} catch (error) {
  log({ event: "start-failed", error: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}

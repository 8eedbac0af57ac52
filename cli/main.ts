import { createInterface } from "node:readline/promises";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { openInEditor } from "./editor.ts";
import { runCli } from "./program.ts";

const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());
// A reader that leaves (`| head`) is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question(`${question} [Y/n] `);
  lines.close();
  return !/^\s*n/i.test(answer);
}

process.exitCode = await runCli(process.argv.slice(2), {
  out: (chunk) => process.stdout.write(chunk),
  note: (chunk) => process.stderr.write(chunk),
  env: process.env,
  cwd: process.cwd(),
  nowMs: () => Date.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
  edit: async (file) => openInEditor(file, process.env),
  readInput: async () => (process.stdin.isTTY ? undefined : text(process.stdin)),
  confirm,
  signal: interrupt.signal,
  fetch,
  isTerminal: process.stdout.isTTY,
});

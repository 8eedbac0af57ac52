import { type CliWorld, runCli } from "../../cli/program.ts";

export interface CliOutcome {
  readonly exitCode: number;
  readonly out: string;
  readonly note: string;
}

/** Runs a command line of `millrace` in this process against a server, without a terminal. */
export async function millrace(
  server: { readonly url: string; readonly key: string },
  args: readonly string[],
  world: Partial<CliWorld> = {},
): Promise<CliOutcome> {
  let out = "";
  let note = "";
  const exitCode = await runCli(args, {
    out: (text) => void (out += text),
    note: (text) => void (note += text),
    env: { MILLRACE_URL: server.url, MILLRACE_KEY: server.key, HOME: "/nonexistent" },
    cwd: "/",
    nowMs: () => Date.now(),
    sleep: async (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 20))),
    edit: async () => 1,
    readInput: async () => undefined,
    confirm: async () => false,
    signal: new AbortController().signal,
    fetch,
    isTerminal: false,
    ...world,
  });
  return { exitCode, out, note };
}

import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { MillraceError } from "@millrace/core/contract";

export interface DownloadOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Where the whole, checked file goes; meanwhile it is `<target>.part`. */
  readonly target: string;
  readonly size: number;
  readonly sha256: string;
}

export interface DownloadDeps {
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
  readonly pause: (ms: number) => Promise<void>;
}

/** Failures in a row without a single new byte before giving up. */
const MAX_BARREN_ATTEMPTS = 5;
const FIRST_PAUSE_MS = 250;

/**
 * Downloads to `<target>.part` and continues there after a cut, in this run or a later one (RFC 9110 range requests). Only a file of the
 * right size and SHA-256 gets its name; a wrong one is deleted. @throws MillraceError `model-unavailable`.
 */
export async function download(options: DownloadOptions, deps: DownloadDeps): Promise<void> {
  const part = `${options.target}.part`;
  let barren = 0;
  let lastFault = "";
  for (;;) {
    const have = await sizeOf(part);
    if (have === options.size) break;
    if (have > options.size) await rm(part);
    deps.signal.throwIfAborted();
    try {
      await append(part, have > options.size ? 0 : have, { options, deps });
    } catch (error) {
      deps.signal.throwIfAborted();
      if (error instanceof MillraceError) throw error;
      lastFault = error instanceof Error ? error.message : String(error);
    }
    if ((await sizeOf(part)) > have) barren = 0;
    else if (++barren >= MAX_BARREN_ATTEMPTS) {
      throw new MillraceError("model-unavailable", {
        message: `The download of ${options.url} stopped at ${have} of ${options.size} bytes (${lastFault}). Start again to continue it.`,
      });
    } else await deps.pause(FIRST_PAUSE_MS * 2 ** barren);
  }
  const digest = await digestOf(part);
  if (digest !== options.sha256) {
    await rm(part);
    throw new MillraceError("model-unavailable", {
      message: `The download of ${options.url} is damaged: its SHA-256 is ${digest}, not ${options.sha256}. It was deleted; start again.`,
    });
  }
  await rename(part, options.target);
}

async function append(
  part: string,
  from: number,
  context: { options: DownloadOptions; deps: DownloadDeps },
): Promise<void> {
  const { options, deps } = context;
  const response = await deps.fetch(options.url, {
    headers: { ...options.headers, ...(from === 0 ? {} : { range: `bytes=${from}-` }) },
    signal: deps.signal,
  });
  if (response.status >= 400 && response.status < 500 && response.status !== 408 && response.status !== 429) {
    throw new MillraceError("model-unavailable", { message: `${options.url} answers ${response.status}.` });
  }
  if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
  // A server that does not know ranges sends the whole file again.
  const start = response.status === 206 ? from : 0;
  const file = await open(part, start === 0 ? "w" : "a");
  try {
    let bytes = start;
    for await (const chunk of response.body) {
      await file.write(chunk);
      bytes += chunk.byteLength;
      deps.onBytes(bytes);
      if (bytes > options.size) throw new Error("more bytes than announced");
    }
  } finally {
    await file.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    (stats) => stats.size,
    () => 0,
  );
}

async function digestOf(path: string): Promise<string> {
  const hash: Hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

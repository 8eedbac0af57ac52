import { access, mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { MillraceError } from "@millrace/core/contract";
import { z } from "zod";
import { download } from "./download.ts";
import { chooseFile, parseHfReference, type HfFile, type HfReference } from "./hf-reference.ts";
import { ProgressBar, type ProgressBarOptions } from "./progress-bar.ts";

export interface FetchHfOptions {
  readonly model: string;
  readonly modelCacheFolder: string;
  readonly hfToken: string | undefined;
  /** The hub, or a mirror that speaks its API. */
  readonly hfEndpoint: string;
}

export interface FetchHfDeps {
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
  readonly log: (event: object) => void;
  /** What is going on, for /healthz. */
  readonly onProgress: (text: string) => void;
  /** Where the progress bar is drawn. */
  readonly out: ProgressBarOptions["out"];
}

const treeSchema = z.array(
  z.object({
    type: z.string(),
    path: z.string(),
    size: z.number().int().nonnegative().default(0),
    lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.number().int() }).nullish(),
  }),
);
/** Pages of a repository's file list that are read at most: a model repository has one. */
const MAX_PAGES = 20;

/**
 * A model of a Hugging Face repository as a local file. Files are kept by content, `sha256/<digest>/<name>`, and a file that is there is
 * complete and checked: it gets its name only after its digest was right.
 */
export async function fetchHfModel(options: FetchHfOptions, deps: FetchHfDeps): Promise<string> {
  const reference = parseHfReference(options.model);
  deps.onProgress(`Looking for ${options.model}.`);
  const file = chooseFile(await listFiles(reference, options, deps), reference);
  if (file.sha256 === undefined) {
    throw new MillraceError("model-unavailable", {
      message: `${file.path} of ${reference.repository} has no digest on the hub, so a download could not be checked. Fetch it yourself and set MILLRACE_MODEL to its path.`,
    });
  }
  const folder = join(options.modelCacheFolder, "sha256", file.sha256);
  const target = join(folder, basename(file.path));
  const present = await access(target).then(
    () => true,
    () => false,
  );
  if (present) return target;
  await mkdir(folder, { recursive: true });
  const path = file.path.split("/").map(encodeURIComponent).join("/");
  const bar = new ProgressBar({ label: basename(file.path), totalBytes: file.size, out: deps.out });
  await download(
    {
      url: `${options.hfEndpoint}/${reference.repository}/resolve/${encodeURIComponent(reference.revision)}/${path}`,
      headers: authorization(options),
      target,
      size: file.size,
      sha256: file.sha256,
    },
    {
      fetch: deps.fetch,
      signal: deps.signal,
      onBytes: (bytes) => {
        bar.update(bytes);
        deps.onProgress(`Downloading ${options.model}: ${Math.floor((100 * bytes) / Math.max(1, file.size))} %.`);
      },
      pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    },
  ).finally(() => bar.end());
  deps.log({ event: "model-downloaded", model: options.model, file: file.path, sha256: file.sha256 });
  return target;
}

function authorization({ hfToken }: FetchHfOptions): Record<string, string> {
  return hfToken === undefined ? {} : { authorization: `Bearer ${hfToken}` };
}

async function listFiles(reference: HfReference, options: FetchHfOptions, deps: FetchHfDeps): Promise<HfFile[]> {
  const files: HfFile[] = [];
  const revision = encodeURIComponent(reference.revision);
  let url: string | undefined =
    `${options.hfEndpoint}/api/models/${reference.repository}/tree/${revision}?recursive=true`;
  for (let page = 0; url !== undefined && page < MAX_PAGES; page++) {
    const response: Response = await deps
      .fetch(url, { headers: authorization(options), signal: deps.signal })
      .catch((error: unknown) => {
        throw new MillraceError("model-unavailable", {
          message: `${options.hfEndpoint} does not answer.`,
          cause: error,
        });
      });
    if (!response.ok) throw refused(response.status, reference);
    const entries = treeSchema.parse(await response.json());
    for (const entry of entries) {
      if (entry.type === "file")
        files.push({ path: entry.path, size: entry.lfs?.size ?? entry.size, sha256: entry.lfs?.oid });
    }
    url = /<([^>]+)>;\s*rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
  }
  return files;
}

function refused(status: number, { repository, revision }: HfReference): MillraceError {
  const remedies: Readonly<Record<number, string>> = {
    401: "It may be private: set HF_TOKEN.",
    403: "Accept its licence on the hub with the account of HF_TOKEN.",
    404: "Check the spelling.",
  };
  return new MillraceError("model-unavailable", {
    message: `The hub answers ${status} for ${repository} at ${revision}. ${remedies[status] ?? "Try again later."}`,
  });
}

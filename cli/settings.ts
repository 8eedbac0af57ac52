import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { CliError, exitCodes } from "./cli-error.ts";

export interface Settings {
  /** The gateway's origin, without a slash at the end. */
  readonly url: string;
  readonly key: string;
}

export interface SettingsSources {
  readonly flags: { readonly url?: string | undefined; readonly key?: string | undefined };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

interface Source {
  readonly url: string | undefined;
  readonly key: string | undefined;
}

/** What `npm start` writes, and what a person may write to ~/.config/millrace/config.json. */
const fileSchema = z.looseObject({ url: z.url().optional(), key: z.string().optional() });

/**
 * Flags, then MILLRACE_URL and MILLRACE_KEY, then `local.json` in MILLRACE_DATA_DIR, in `.millrace` of this directory or of
 * one above it, then the user's file.
 * A key from a file goes only to the URL of that file: `--url` elsewhere never sends the local key to a stranger.
 * @throws CliError `no-server` or `no-key` when nothing says where to go or with what.
 */
export function resolveSettings(sources: SettingsSources): Settings {
  const { flags, env } = sources;
  const files = settingsFiles(sources).map(readSource);
  const url = flags.url ?? env["MILLRACE_URL"] ?? files.find((file) => file.url !== undefined)?.url;
  if (url === undefined || !URL.canParse(url)) {
    throw new CliError({
      code: "no-server",
      message: url === undefined ? "no Millrace is known here" : `not a URL: ${url}`,
      remedy: "Run this inside a checkout where `npm start` runs, or set MILLRACE_URL and MILLRACE_KEY.",
      exitCode: exitCodes.unreachable,
    });
  }
  const { origin } = new URL(url);
  const fromFile = files.find((file) => file.url !== undefined && new URL(file.url).origin === origin);
  const key = flags.key ?? env["MILLRACE_KEY"] ?? fromFile?.key;
  if (key === undefined || key === "") {
    throw new CliError({
      code: "no-key",
      message: `no key for ${origin}`,
      remedy: "Set MILLRACE_KEY, or write url and key to ~/.config/millrace/config.json.",
      exitCode: exitCodes.unreachable,
    });
  }
  return { url: origin, key };
}

function settingsFiles({ env, cwd }: SettingsSources): string[] {
  const upward: string[] = [];
  for (let folder = cwd; ; folder = dirname(folder)) {
    upward.push(join(folder, ".millrace", "local.json"));
    if (dirname(folder) === folder) break;
  }
  const configHome = env["XDG_CONFIG_HOME"] ?? join(env["HOME"] ?? homedir(), ".config");
  const dataDir = env["MILLRACE_DATA_DIR"];
  const chosen = dataDir === undefined || dataDir === "" ? [] : [join(dataDir, "local.json")];
  return [...chosen, ...upward, join(configHome, "millrace", "config.json")];
}

function readSource(file: string): Source {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    // Absent or unreadable: the next place is asked.
    return { url: undefined, key: undefined };
  }
  try {
    const { url, key } = fileSchema.parse(JSON.parse(text));
    return { url, key };
  } catch (cause) {
    throw new CliError({
      code: "file-error",
      message: `${file} is not a settings file`,
      remedy: 'It should hold {"url": "http://…", "key": "mlr_…"}.',
      cause,
    });
  }
}

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { StartError } from "./config.ts";

export interface BuiltModule {
  readonly type: "ESModule" | "Text" | "Data" | "CompiledWasm";
  /** Relative to the bundle; the first one is the entry. */
  readonly path: string;
  readonly contents: string | Uint8Array<ArrayBuffer>;
}

export interface WorkerBuild {
  readonly modules: readonly BuiltModule[];
  /** False when nothing had changed since the last build. */
  readonly fresh: boolean;
}

interface Manifest {
  readonly entry: string;
  /** Source file, relative to the root → SHA-256 at the time of the build. */
  readonly sources: Readonly<Record<string, string>>;
}

interface BuildOptions {
  readonly root: string;
  /** Path of the wrangler.toml, relative to the root. */
  readonly configPath: string;
  /** Where builds are kept. */
  readonly outDir: string;
}

const runFile = promisify(execFile);
const manifestName = "millrace-build.json";

/**
 * Bundles one Worker exactly as a deploy would (`wrangler deploy --dry-run`), or takes the last bundle when no source of it
 * has changed.
 * @throws StartError with wrangler's words when it does not bundle.
 */
export async function buildWorker({ root, configPath, outDir }: BuildOptions): Promise<WorkerBuild> {
  const kept = await readManifest(outDir);
  if (kept !== undefined && (await isCurrent(root, kept))) {
    return { modules: await readModules(outDir, kept.entry), fresh: false };
  }
  const aside = `${outDir}.${process.pid}`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(dirname(outDir), { recursive: true });
  const entry = await bundle(root, configPath, aside);
  const sources = await hashSources(root, await sourcesOf(root, configPath, join(aside, "meta.json")));
  await writeFile(join(aside, manifestName), JSON.stringify({ entry, sources } satisfies Manifest));
  await rm(outDir, { recursive: true, force: true });
  await rename(aside, outDir);
  return { modules: await readModules(outDir, entry), fresh: true };
}

async function bundle(root: string, configPath: string, outDir: string): Promise<string> {
  const wrangler = join(dirname(createRequire(import.meta.url).resolve("wrangler/package.json")), "bin/wrangler.js");
  const args = [
    "deploy",
    "--dry-run",
    "--config",
    configPath,
    "--outdir",
    outDir,
    "--metafile",
    join(outDir, "meta.json"),
  ];
  try {
    await runFile(process.execPath, [wrangler, ...args, "--env", ""], {
      cwd: root,
      env: {
        ...process.env,
        WRANGLER_SEND_METRICS: "false",
        WRANGLER_LOG_PATH: join(outDir, "logs"),
        NO_COLOR: "1",
        FORCE_COLOR: "0",
      },
      maxBuffer: 16 * 1024 * 1024,
    });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new StartError(`the Worker of ${configPath} does not bundle:\n${`${stdout}\n${stderr}`.trim()}`);
  }
  const entry = (await readdir(outDir)).find((name) => /\.m?js$/.test(name));
  if (entry === undefined) throw new StartError(`the Worker of ${configPath} bundled to nothing`);
  return entry;
}

/** The bundle's inputs of our own, and what decides about the others: the lockfile and the Worker's configuration. */
async function sourcesOf(root: string, configPath: string, metafile: string): Promise<string[]> {
  const meta: unknown = JSON.parse(await readFile(metafile, "utf8"));
  const inputs = typeof meta === "object" && meta !== null && "inputs" in meta ? Object.keys(meta.inputs ?? {}) : [];
  const base = dirname(resolve(root, configPath));
  const own = inputs
    .map((input) => relative(root, resolve(base, input.replace(/^[a-z-]+:(?=\/|\.)/, ""))))
    .filter((path) => !path.includes("node_modules") && !path.startsWith("..") && !path.includes(":"));
  return [...new Set([...own, configPath, "package-lock.json"])].sort();
}

async function hashSources(root: string, paths: readonly string[]): Promise<Record<string, string>> {
  const entries = await Promise.all(
    paths.map(async (path): Promise<[string, string]> => {
      const bytes = await readFile(join(root, path)).catch(() => undefined);
      return [path, bytes === undefined ? "absent" : createHash("sha256").update(bytes).digest("hex")];
    }),
  );
  return Object.fromEntries(entries);
}

async function isCurrent(root: string, manifest: Manifest): Promise<boolean> {
  const now = await hashSources(root, Object.keys(manifest.sources));
  return Object.entries(manifest.sources).every(([path, hash]) => now[path] === hash && hash !== "absent");
}

async function readManifest(outDir: string): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await readFile(join(outDir, manifestName), "utf8")) as Manifest;
  } catch {
    return undefined;
  }
}

const moduleTypes: readonly (readonly [RegExp, BuiltModule["type"]])[] = [
  [/\.m?js$/, "ESModule"],
  [/\.wasm$/, "CompiledWasm"],
  [/\.(txt|html|sql)$/, "Text"],
  [/\.(bin|onnx)$/, "Data"],
];

async function readModules(outDir: string, entry: string): Promise<BuiltModule[]> {
  const names = (await readdir(outDir)).filter((name) => name !== entry);
  const modules = await Promise.all([entry, ...names].map(async (name) => readModule(outDir, name)));
  return modules.filter((module) => module !== undefined);
}

async function readModule(outDir: string, path: string): Promise<BuiltModule | undefined> {
  const type = moduleTypes.find(([pattern]) => pattern.test(path))?.[1];
  if (type === undefined) return undefined;
  const bytes = await readFile(join(outDir, path));
  const isText = type === "ESModule" || type === "Text";
  return { type, path, contents: isText ? bytes.toString("utf8") : new Uint8Array(bytes) };
}

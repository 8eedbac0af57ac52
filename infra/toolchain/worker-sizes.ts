import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { runStep } from "./run-step.ts";

/** Cloudflare's limit for a Worker of any plan, uncompressed. */
const maxRawBytes = 64 * 1024 * 1024;
/** Our own: what a gateway weighs, an isolate parses at its cold start. */
const maxGzipBytes = 3 * 1024 * 1024;

const workers = [
  { name: "gateway", config: "wrangler.toml" },
  { name: "functions", config: "functions/wrangler.toml" },
] as const;
const environments = ["", "staging", "production"] as const;

/** Bundles every Worker for every environment as a deploy would, without credentials, and weighs it. */
export async function checkWorkers(): Promise<boolean> {
  let passed = true;
  for (const worker of workers) {
    for (const environment of environments) passed = (await checkWorker(worker, environment)) && passed;
  }
  return passed;
}

async function checkWorker({ name, config }: (typeof workers)[number], environment: string): Promise<boolean> {
  const outDir = await mkdtemp(join(tmpdir(), "millrace-deploy-"));
  try {
    const bundled = await runStep({
      name: `deploy --dry-run ${name} ${environment === "" ? "(local)" : environment}`,
      command: [
        "node_modules/wrangler/bin/wrangler.js",
        "deploy",
        "--dry-run",
        "--config",
        config,
        "--env",
        environment,
        "--outdir",
        outDir,
      ],
      env: { WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: join(outDir, "logs"), NO_COLOR: "1", FORCE_COLOR: "0" },
    });
    if (!bundled) return false;
    const bytes = await weigh(outDir);
    const mib = (count: number) => `${(count / 1024 / 1024).toFixed(2)} MiB`;
    console.log(`       ${mib(bytes.raw)} raw of ${mib(maxRawBytes)}, ${mib(bytes.gzip)} gzip of ${mib(maxGzipBytes)}`);
    return bytes.raw <= maxRawBytes && bytes.gzip <= maxGzipBytes;
  } finally {
    await rm(outDir, { recursive: true, force: true });
  }
}

async function weigh(folder: string): Promise<{ raw: number; gzip: number }> {
  const names = (await readdir(folder, { withFileTypes: true })).filter(
    (entry) => entry.isFile() && !/\.map$|README\.md$/.test(entry.name),
  );
  const files = await Promise.all(names.map(async ({ name }) => readFile(join(folder, name))));
  return files.reduce((sum, file) => ({ raw: sum.raw + file.length, gzip: sum.gzip + gzipSync(file).length }), {
    raw: 0,
    gzip: 0,
  });
}

import { availableParallelism } from "node:os";
import { basename, dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const here = dirname(fileURLToPath(import.meta.url));
const DEFAULT_MODEL = resolve(here, "models/millrace-support/model-q8_0.gguf");

const count = (fallback: number, least = 1) => z.coerce.number().int().min(least).default(fallback);
const optional = z
  .string()
  .optional()
  .transform((value) => (value === "" ? undefined : value));

/** Every setting of the runner. The names are the environment variables. */
const environmentSchema = z.object({
  MILLRACE_RUNNER_HOST: z.string().default("127.0.0.1"),
  MILLRACE_RUNNER_PORT: z.coerce.number().int().min(0).max(65_535).default(8790),
  MILLRACE_RUNNER_TOKEN: optional,
  MILLRACE_MODEL: optional,
  MILLRACE_MODEL_NAME: optional,
  MILLRACE_MODEL_CACHE: optional,
  HF_TOKEN: optional,
  HF_ENDPOINT: z.url().default("https://huggingface.co"),
  MILLRACE_RUNNER_SEQUENCES: count(8).pipe(z.number().max(256)),
  MILLRACE_RUNNER_QUEUE: count(64, 0),
  MILLRACE_RUNNER_CONTEXT: z.coerce.number().int().min(64).optional(),
  MILLRACE_RUNNER_BATCH: count(512, 16),
  MILLRACE_RUNNER_THREADS: z.coerce.number().int().min(1).optional(),
  MILLRACE_RUNNER_GPU: z.enum(["auto", "off"]).default("auto"),
  MILLRACE_RUNNER_TEMPERATURE: z.coerce.number().min(0).max(2).default(1),
  MILLRACE_RUNNER_DEADLINE_MS: count(600_000),
  MILLRACE_RUNNER_DRAIN_MS: count(20_000, 0),
  MILLRACE_RUNNER_HANG_MS: count(60_000),
  MILLRACE_RUNNER_LOAD_MS: count(600_000),
});

/** Settings, parsed once. Times in milliseconds, sizes in tokens. */
export interface RunnerConfig {
  readonly host: string;
  readonly port: number;
  readonly token: string | undefined;
  /** A path, or `hf:owner/repo:quant`. */
  readonly model: string;
  readonly modelName: string;
  readonly modelCacheFolder: string;
  readonly hfToken: string | undefined;
  readonly hfEndpoint: string;
  readonly sequences: number;
  readonly maxQueue: number;
  readonly contextTokens: number | undefined;
  readonly batchTokens: number;
  readonly maxThreads: number;
  readonly gpu: "auto" | "off";
  readonly temperature: number;
  readonly deadlineMs: number;
  readonly drainMs: number;
  readonly hangMs: number;
  readonly loadMs: number;
  /** Leave with a status other than 0 when the model cannot be loaded, instead of staying up to say so. */
  readonly strict: boolean;
}

/** The name that callers use: of a file called `model-….gguf` the folder's, of others the file's own. */
export function modelNameOf(model: string): string {
  if (model.startsWith("hf:")) return model.slice("hf:".length);
  const file = basename(model).replace(/\.gguf$/i, "");
  return /^model(?:[-._].*)?$/i.test(file) ? basename(dirname(resolve(model))) : file;
}

/** @throws Error that names each wrong setting. */
export function readConfig(environment: NodeJS.ProcessEnv, args: readonly string[]): RunnerConfig {
  const parsed = environmentSchema.safeParse(environment);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`The runner's settings are wrong. ${faults.join("; ")}`);
  }
  const unknown = args.filter((arg) => arg !== "--strict");
  if (unknown.length > 0) throw new Error(`Unknown argument ${unknown.join(" ")}; the only one is --strict.`);
  const env = parsed.data;
  const model = env.MILLRACE_MODEL ?? DEFAULT_MODEL;
  return {
    host: env.MILLRACE_RUNNER_HOST,
    port: env.MILLRACE_RUNNER_PORT,
    token: env.MILLRACE_RUNNER_TOKEN,
    model,
    modelName: env.MILLRACE_MODEL_NAME ?? modelNameOf(model),
    modelCacheFolder: resolve(env.MILLRACE_MODEL_CACHE ?? ".millrace/models"),
    hfToken: env.HF_TOKEN,
    hfEndpoint: env.HF_ENDPOINT.replace(/\/$/, ""),
    sequences: env.MILLRACE_RUNNER_SEQUENCES,
    maxQueue: env.MILLRACE_RUNNER_QUEUE,
    contextTokens: env.MILLRACE_RUNNER_CONTEXT,
    batchTokens: env.MILLRACE_RUNNER_BATCH,
    // llama.cpp's threads spin while they wait: one core stays for the server, or decoding crawls.
    maxThreads: env.MILLRACE_RUNNER_THREADS ?? Math.max(1, availableParallelism() - 1),
    gpu: env.MILLRACE_RUNNER_GPU,
    temperature: env.MILLRACE_RUNNER_TEMPERATURE,
    deadlineMs: env.MILLRACE_RUNNER_DEADLINE_MS,
    drainMs: env.MILLRACE_RUNNER_DRAIN_MS,
    hangMs: env.MILLRACE_RUNNER_HANG_MS,
    loadMs: env.MILLRACE_RUNNER_LOAD_MS,
    strict: args.includes("--strict"),
  };
}

import { resolve } from "node:path";
import type { RunnerConfig } from "../config.ts";
import { fetchHfModel, type FetchHfDeps } from "./fetch-hf-model.ts";
import { checkGgufHeader } from "./gguf-file.ts";

/**
 * MILLRACE_MODEL → a GGUF file on this machine, downloaded when it names a repository.
 * @throws MillraceError `model-unavailable` with what to do about it.
 */
export async function resolveModel(config: RunnerConfig, deps: FetchHfDeps): Promise<string> {
  const path = config.model.startsWith("hf:") ? await fetchHfModel(config, deps) : resolve(config.model);
  await checkGgufHeader(path);
  return path;
}

import { openAiDialect } from "../../dialects/openai/index.ts";
import type { Dialect } from "../../dialects/dialect.ts";
import type { Admission } from "../../exchange/admission.ts";
import { readJsonBody } from "../../http/read-json-body.ts";
import { ExchangeRun, type Prepared } from "../../pipeline/exchange-run.ts";
import type { PipelineDeps } from "../../pipeline/pipeline-deps.ts";
import { resolve } from "../../stages/resolve/index.ts";
import { requestOf, tagsOf } from "../ask-line.ts";
import type { KeepAlive } from "../../bundles/bundle-store.ts";
import type { BatchLine } from "../read-line.ts";

/** Endpoints that providers' batch APIs have in the pipeline's own words. */
export type NativeEndpoint = "/v1/chat/completions" | "/v1/completions" | "/v1/embeddings";

export const nativeDialects: Readonly<Record<NativeEndpoint, Dialect>> = {
  "/v1/chat/completions": openAiDialect("chat"),
  "/v1/completions": openAiDialect("completions"),
  "/v1/embeddings": openAiDialect("embeddings"),
};

export function isNativeEndpoint(endpoint: string): endpoint is NativeEndpoint {
  return Object.hasOwn(nativeDialects, endpoint);
}

export interface NativeLine {
  readonly batchId: string;
  readonly endpoint: NativeEndpoint;
  readonly line: BatchLine;
  readonly admission: Admission;
}

/** A line as far as the pipeline takes it before a model is asked. @throws MillraceError what `resolve` throws. */
export async function resolveLine(
  { batchId, endpoint, line, admission }: NativeLine,
  deps: { readonly pipeline: PipelineDeps; readonly keepAlive: KeepAlive },
): Promise<{ readonly run: ExchangeRun; readonly prepared: Prepared }> {
  const { pipeline, keepAlive } = deps;
  const dialect = nativeDialects[endpoint];
  const request = requestOf(endpoint, line);
  const run = new ExchangeRun(dialect, { request: request.clone(), keepAlive, tags: tagsOf(batchId, line) }, pipeline);
  const body = await readJsonBody(request);
  const accepted = await dialect.accept({ traceId: run.traceId, request, body, admission });
  const health = pipeline.health.of(admission.principal.environmentId, keepAlive);
  const asked = { surface: dialect.surface, body: accepted.body, headers: request.headers, admission, health };
  const resolution = await resolve(asked, pipeline.resolve);
  const cacheDecision = { state: "off", reason: "not-asked" } as const;
  return { run, prepared: { admission, body, accepted, resolution, cache: "off", cacheDecision } };
}

import type { BatchEndpoint } from "@millrace/core/contract";
import type { KeepAlive } from "../bundles/bundle-store.ts";
import type { Dialect } from "../dialects/dialect.ts";
import { openAiDialect } from "../dialects/openai/index.ts";
import { responsesDialect } from "../dialects/responses/index.ts";
import type { ResponseStore } from "../dialects/responses/response-store.ts";
import type { Admission } from "../exchange/admission.ts";
import { asFields, asText } from "../json/vendor-json.ts";
import { answerExchange } from "../pipeline/answer-exchange.ts";
import type { PipelineDeps } from "../pipeline/pipeline-deps.ts";
import type { BatchLine } from "./read-line.ts";

export interface AskDeps {
  readonly pipeline: PipelineDeps;
  readonly responses: ResponseStore;
  readonly keepAlive: KeepAlive;
}

/** One line of one batch, and under which key it is asked. */
export interface AskedLine {
  readonly batchId: string;
  readonly endpoint: BatchEndpoint;
  readonly line: BatchLine;
  readonly admission: Admission;
}

export interface LineAnswer {
  readonly status: number;
  readonly requestId: string;
  /** JSON text. */
  readonly body: string;
  readonly code: string | undefined;
  readonly retryAfterSeconds: number | undefined;
}

/** The dialect of an endpoint. */
export function dialectOf(endpoint: BatchEndpoint, responses: ResponseStore): Dialect {
  switch (endpoint) {
    case "/v1/chat/completions":
      return openAiDialect("chat");
    case "/v1/completions":
      return openAiDialect("completions");
    case "/v1/embeddings":
      return openAiDialect("embeddings");
    case "/v1/responses":
      return responsesDialect(responses);
  }
}

/** The request that a line stands for: nobody waits at its other end. */
export function requestOf(endpoint: BatchEndpoint, { body }: BatchLine): Request {
  return new Request(`https://batch.invalid${endpoint}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** What the traces of a batch's lines have in common. */
export function tagsOf(batchId: string, { customId }: BatchLine): Readonly<Record<string, string>> {
  return { batch_id: batchId, batch_custom_id: customId };
}

function codeOf(text: string): string | undefined {
  try {
    return asText(asFields(asFields(JSON.parse(text))?.["error"])?.["code"]);
  } catch {
    return undefined;
  }
}

/** Asks one line as if its caller had: the same stages, budgets and trace. */
export async function askLine({ batchId, endpoint, line, admission }: AskedLine, deps: AskDeps): Promise<LineAnswer> {
  const caller = {
    request: requestOf(endpoint, line),
    keepAlive: deps.keepAlive,
    admit: () => Promise.resolve(admission),
    tags: tagsOf(batchId, line),
  };
  const response = await answerExchange(dialectOf(endpoint, deps.responses), caller, deps.pipeline);
  const body = await response.text();
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  return {
    status: response.status,
    requestId: response.headers.get("x-millrace-trace") ?? "",
    body,
    code: response.ok ? undefined : codeOf(body),
    retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
  };
}

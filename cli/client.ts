import * as contract from "@millrace/core/contract";
import { z } from "zod";
import { CliError, exitCodes } from "./cli-error.ts";
import type { Settings } from "./settings.ts";

/** A control call answers in milliseconds; beyond this something is wrong and waiting longer helps nobody. */
const CALL_TIMEOUT_MS = 30_000;

export interface ClientDeps extends Settings {
  readonly fetch: typeof fetch;
}

interface Call {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
}

const problemSchema = z.looseObject({
  code: z.string(),
  detail: z.string(),
  remedy: z.string(),
  retryable: z.boolean(),
  param: z.string().nullish(),
});
const envelopeSchema = z.looseObject({
  error: z.looseObject({
    code: z.string(),
    message: z.string(),
    remedy: z.string(),
    retryable: z.boolean(),
    param: z.string().nullish(),
  }),
});

export type Client = ReturnType<typeof createClient>;

type Caller = <T>(path: string, schema: z.ZodType<T>, options?: Call) => Promise<T>;

/** Models, providers and prices. */
function catalogCalls(call: Caller, remove: (path: string) => Promise<void>) {
  const model = (name: string) => `/api/v1/models/${encodeURIComponent(name)}`;
  const provider = (name: string) => `/api/v1/providers/${encodeURIComponent(name)}`;
  return {
    models: () => call("/api/v1/models", contract.modelCatalogSchema),
    putModel: (name: string, body: z.input<typeof contract.putModelSchema>) =>
      call(model(name), contract.modelSchema, { method: "PUT", body }),
    deleteModel: (name: string) => remove(model(name)),
    providers: () => call("/api/v1/providers", contract.providerCatalogSchema),
    putProvider: (name: string, body: z.input<typeof contract.putProviderSchema>) =>
      call(provider(name), contract.providerSchema, { method: "PUT", body }),
    deleteProvider: (name: string) => remove(provider(name)),
    prices: (query: NonNullable<Call["query"]>) => call("/api/v1/prices", contract.priceListSchema, { query }),
    putPrice: (body: z.input<typeof contract.priceSchema>) =>
      call("/api/v1/prices", contract.storedPriceSchema, { method: "PUT", body }),
    importPrices: (body: z.input<typeof contract.importPricesSchema>) =>
      call("/api/v1/prices/import", contract.importReportSchema, { method: "POST", body }),
    deletePrice: (id: string) => remove(`/api/v1/prices/${encodeURIComponent(id)}`),
  };
}

/** The HTTP API as functions. Answers are held to the contract; nothing is retried here. */
export function createClient(deps: ClientDeps) {
  const call = async <T>(path: string, schema: z.ZodType<T>, options: Call = {}): Promise<T> => {
    const response = await send(deps, path, { ...options, signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
    return readAnswer(response, schema);
  };
  const remove = async (path: string): Promise<void> => {
    const response = await send(deps, path, { method: "DELETE", signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
    if (!response.ok) throw await readError(response);
  };
  const prompt = (name: string, rest = "") => `/api/v1/prompts/${encodeURIComponent(name)}${rest}`;
  const label = (name: string, labelName: string, rest = "") =>
    prompt(name, `/labels/${encodeURIComponent(labelName)}${rest}`);

  return {
    url: deps.url,
    me: () => call("/api/v1/me", contract.meSchema),
    readiness: () => readReadiness(deps),
    /** What is published, and what the gateway that answered serves by (undefined when something between took the header away). */
    bundle: async () => {
      const response = await send(deps, "/api/v1/bundle", { signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
      const served = response.headers.get(contract.SERVED_EPOCH_HEADER);
      const status = await readAnswer(response, contract.bundleStatusSchema);
      return { ...status, served_epoch: served === null ? undefined : Number(served) };
    },
    prompts: () => call("/api/v1/prompts", contract.promptListSchema),
    prompt: (name: string) => call(prompt(name), contract.promptSummarySchema),
    createPrompt: (body: z.input<typeof contract.createPromptSchema>) =>
      call("/api/v1/prompts", contract.promptVersionSchema, { method: "POST", body }),
    versions: (name: string) => call(prompt(name, "/versions"), contract.versionListSchema),
    version: (name: string, selector: string | number) =>
      call(prompt(name, `/versions/${encodeURIComponent(selector)}`), contract.promptVersionSchema),
    createVersion: (name: string, body: z.input<typeof contract.createVersionSchema>) =>
      call(prompt(name, "/versions"), contract.promptVersionSchema, { method: "POST", body }),
    diff: (name: string, from: string, to: string) =>
      call(prompt(name, "/diff"), contract.promptDiffSchema, { query: { from, to } }),
    render: (name: string, body: z.input<typeof contract.renderRequestSchema>) =>
      call(prompt(name, "/render"), contract.renderResponseSchema, { method: "POST", body }),
    labels: (name: string) => call(prompt(name, "/labels"), contract.labelListSchema),
    setLabel: (name: string, labelName: string, body: z.input<typeof contract.setLabelSchema>) =>
      call(label(name, labelName), contract.labelStateSchema, { method: "PUT", body }),
    removeLabel: (name: string, labelName: string) =>
      call(label(name, labelName), contract.labelStateSchema, { method: "DELETE" }),
    labelHistory: (name: string, labelName: string) =>
      call(label(name, labelName, "/history"), contract.labelHistorySchema),
    rollback: (name: string, labelName: string, body: z.input<typeof contract.rollbackSchema>) =>
      call(label(name, labelName, "/rollback"), contract.labelStateSchema, { method: "POST", body }),
    purgeCache: (body: z.input<typeof contract.purgeCacheSchema>) =>
      call("/api/v1/cache/purge", contract.purgedCacheSchema, { method: "POST", body }),
    keys: () => call("/api/v1/keys", contract.keyListSchema),
    createKey: (body: z.input<typeof contract.createKeySchema>) =>
      call("/api/v1/keys", contract.createdKeySchema, { method: "POST", body }),
    revokeKey: (id: string) =>
      call(`/api/v1/keys/${encodeURIComponent(id)}`, contract.keySummarySchema, { method: "DELETE" }),
    budgets: () => call("/api/v1/budgets", contract.budgetListSchema),
    putBudget: (name: string, body: z.input<typeof contract.putBudgetSchema>) =>
      call(`/api/v1/budgets/${encodeURIComponent(name)}`, contract.budgetSchema, { method: "PUT", body }),
    deleteBudget: (name: string) => remove(`/api/v1/budgets/${encodeURIComponent(name)}`),
    budgetUsage: (budget: string | undefined) =>
      call("/api/v1/budgets/usage", contract.budgetUsageListSchema, { query: { budget } }),
    ...catalogCalls(call, remove),
    traces: (query: Call["query"]) =>
      call("/api/v1/traces", contract.traceListSchema, query === undefined ? {} : { query }),
    trace: (id: string) => call(`/api/v1/traces/${encodeURIComponent(id)}`, contract.traceDetailSchema),
    /** The response as it is, for its stream; an error answer is thrown. */
    chat: async (body: Readonly<Record<string, unknown>>, signal: AbortSignal) => {
      const response = await send(deps, "/v1/chat/completions", { method: "POST", body, signal });
      if (!response.ok) throw await readError(response);
      return response;
    },
  };
}

async function send(
  deps: ClientDeps,
  path: string,
  options: Call & { readonly signal: AbortSignal },
): Promise<Response> {
  const url = new URL(path, deps.url);
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  try {
    return await deps.fetch(url, {
      method: options.method ?? "GET",
      headers: {
        authorization: `Bearer ${deps.key}`,
        ...(options.body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      // A redirect would carry the key to wherever it points.
      redirect: "error",
      signal: options.signal,
    });
  } catch (cause) {
    if (cause instanceof Error && cause.name === "AbortError") throw cause;
    throw unreachable(deps.url, cause);
  }
}

function unreachable(url: string, cause: unknown): CliError {
  const timedOut = cause instanceof Error && cause.name === "TimeoutError";
  return new CliError({
    code: "unreachable",
    message: timedOut ? `${url} did not answer within ${CALL_TIMEOUT_MS / 1000} s` : `nothing answers at ${url}`,
    remedy: "Is it running? `npm start` starts the local stack; --url or MILLRACE_URL names another.",
    exitCode: exitCodes.unreachable,
    retryable: true,
    cause,
  });
}

async function readAnswer<T>(response: Response, schema: z.ZodType<T>): Promise<T> {
  if (!response.ok) throw await readError(response);
  const parsed = schema.safeParse(await readJson(response));
  if (parsed.success) return parsed.data;
  throw unexpected(response, z.prettifyError(parsed.error));
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text().catch((cause: unknown) => {
    throw unreachable(new URL(response.url).origin, cause);
  });
  try {
    return JSON.parse(text);
  } catch {
    throw unexpected(response, "the answer is not JSON");
  }
}

async function readError(response: Response): Promise<CliError> {
  const body = await readJson(response).catch(() => undefined);
  const problem = problemSchema.safeParse(body);
  const envelope = envelopeSchema.safeParse(body);
  const fault = problem.success
    ? { ...problem.data, message: problem.data.detail }
    : envelope.success
      ? envelope.data.error
      : undefined;
  if (fault === undefined || !contract.isErrorCode(fault.code)) return unexpected(response, `HTTP ${response.status}`);
  return new CliError({
    code: fault.code,
    message: fault.message,
    remedy: fault.remedy,
    param: fault.param ?? undefined,
    retryable: fault.retryable,
    exitCode: fault.code === "version-conflict" ? exitCodes.conflict : exitCodes.failed,
  });
}

function unexpected(response: Response, what: string): CliError {
  const { origin, pathname } = new URL(response.url);
  return new CliError({
    code: "unexpected-answer",
    message: `${origin}${pathname} answered with something else than Millrace would: ${what}`,
    remedy: "Check the URL, and that this command and the server are of the same version.",
    retryable: response.status >= 500,
  });
}

/** 503 is an answer here: it says which part is away. */
async function readReadiness(deps: ClientDeps): Promise<contract.Readiness> {
  const response = await send(deps, "/readyz", { signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
  const parsed = contract.readinessSchema.safeParse(await readJson(response));
  if (!parsed.success) throw unexpected(response, z.prettifyError(parsed.error));
  return parsed.data;
}

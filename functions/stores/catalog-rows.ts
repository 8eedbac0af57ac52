import { type Model, modelSchema, type Provider, providerSchema } from "@millrace/core/contract";

/** Columns of `models` that callers see, as the database gives them. */
export interface ModelRow {
  readonly name: string;
  readonly route: unknown;
  readonly surfaces: readonly string[];
  readonly contextTokens: number | null;
  readonly resilience: unknown;
}

/** Columns of `providers` that callers see, as the database gives them. */
export interface ProviderRow {
  readonly name: string;
  readonly kind: string;
  readonly baseUrl: string | null;
  readonly secret: string | null;
  readonly secrets: unknown;
  readonly maxConcurrent: number | null;
  readonly settings: unknown;
  readonly inferenceProvider: string | null;
  readonly timeouts: unknown;
}

export function toModel(row: ModelRow): Model {
  return modelSchema.parse({
    name: row.name,
    route: row.route,
    surfaces: row.surfaces,
    ...(row.contextTokens === null ? {} : { context_tokens: row.contextTokens }),
    ...(row.resilience === null ? {} : { resilience: row.resilience }),
  });
}

export function toProvider(row: ProviderRow): Provider {
  return providerSchema.parse({
    name: row.name,
    kind: row.kind,
    ...(row.baseUrl === null ? {} : { base_url: row.baseUrl }),
    ...(row.secret === null ? {} : { secret: row.secret }),
    ...(row.secrets === null ? {} : { secrets: row.secrets }),
    ...(row.maxConcurrent === null ? {} : { max_concurrent: row.maxConcurrent }),
    ...(row.settings === null ? {} : { settings: row.settings }),
    ...(row.inferenceProvider === null ? {} : { inference_provider: row.inferenceProvider }),
    timeouts: row.timeouts,
  });
}

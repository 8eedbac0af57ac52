import type { Budget, Model, Permission, PriceRow, PromptContent, Provider } from "../contract/index.ts";

/** What the database holds for one project and environment, in any order; the input of `compileBundle`. */
export interface BundleRows {
  readonly project: { readonly id: string; readonly slug: string };
  readonly environment: { readonly id: string; readonly name: string };
  /** Keys of the environment that are not revoked. */
  readonly keys: readonly {
    readonly id: string;
    readonly hash: string;
    readonly permissions: readonly Permission[];
    /** ISO 8601, or null when it does not expire. */
    readonly expiresAt: string | null;
  }[];
  readonly prompts: readonly { readonly id: string; readonly name: string }[];
  /** At least the versions that are served and all that they include; more does no harm. */
  readonly versions: readonly BundleVersionRow[];
  readonly labels: readonly {
    readonly promptId: string;
    readonly label: string;
    /** null when the label was removed. */
    readonly versionId: string | null;
    readonly previousVersionId: string | null;
  }[];
  readonly models: readonly Model[];
  readonly providers: readonly Provider[];
  /** Of this environment and of all. */
  readonly budgets: readonly Budget[];
  /** Purges of the cache within the longest time that an answer is kept. */
  readonly cachePurges: readonly {
    readonly kind: "environment" | "prompt" | "version" | "tag";
    readonly subject: string;
    readonly epoch: number;
  }[];
  /** At least the prices of the models' targets; those of others are left out of the bundle. */
  readonly prices: readonly PriceRow[];
}

export interface BundleVersionRow {
  readonly id: string;
  readonly promptId: string;
  readonly version: number;
  readonly hash: string;
  readonly content: PromptContent;
  readonly includes: Readonly<Record<string, string>>;
}

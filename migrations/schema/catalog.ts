import { integer, json, pgTable, primaryKey, text, unique } from "drizzle-orm/pg-core";
import type { Provider, ProviderKind, Resilience, Route, Surface } from "@millrace/core/contract";
import { moment } from "./moment.ts";

/** Places that can answer. Secrets are named here and live in the gateway's environment only. */
export const providers = pgTable(
  "providers",
  {
    id: text("id").primaryKey(),
    projectId: text("project_id").notNull(),
    name: text("name").notNull(),
    kind: text("kind").$type<ProviderKind>().notNull(),
    /** NULL: the kind has an address of its own (huggingface). */
    baseUrl: text("base_url"),
    /** Name of the secret. NULL: the provider needs none, or has several. */
    secret: text("secret"),
    /** Names of secrets that take turns. NULL: one or none. */
    secrets: json("secrets").$type<string[]>(),
    /** Calls under way through one key. NULL: no cap. */
    maxConcurrent: integer("max_concurrent"),
    /** What the kind needs beside an address. NULL: nothing. */
    settings: json("settings").$type<Record<string, string>>(),
    /** NULL: Hugging Face chooses. */
    inferenceProvider: text("inference_provider"),
    timeouts: json("timeouts").$type<Provider["timeouts"]>().notNull(),
    createdAt: moment("created_at").notNull(),
    updatedAt: moment("updated_at").notNull(),
  },
  (table) => [unique().on(table.projectId, table.id), unique().on(table.projectId, table.name)],
);

/** Names that callers use, and the tree by which each becomes targets. */
export const models = pgTable(
  "models",
  {
    id: text("id").primaryKey(),
    projectId: text("project_id").notNull(),
    name: text("name").notNull(),
    route: json("route").$type<Route>().notNull(),
    surfaces: text("surfaces").array().$type<Surface[]>().notNull(),
    /** NULL: unknown. */
    contextTokens: integer("context_tokens"),
    /** NULL: the defaults. */
    resilience: json("resilience").$type<Resilience>(),
    createdAt: moment("created_at").notNull(),
    updatedAt: moment("updated_at").notNull(),
  },
  (table) => [unique().on(table.projectId, table.id), unique().on(table.projectId, table.name)],
);

/** Which providers a model's route names, so that the database refuses to drop one that is in use. */
export const routeTargets = pgTable(
  "route_targets",
  {
    projectId: text("project_id").notNull(),
    modelId: text("model_id").notNull(),
    providerId: text("provider_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.projectId, table.modelId, table.providerId] })],
);

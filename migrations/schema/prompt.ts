import { integer, json, pgTable, text, unique } from "drizzle-orm/pg-core";
import type { PromptContent } from "@millrace/core/contract";
import { moment } from "./moment.ts";

export const prompts = pgTable(
  "prompts",
  {
    id: text("id").primaryKey(),
    projectId: text("project_id").notNull(),
    name: text("name").notNull(),
    description: text("description").notNull(),
    /** The number of the newest version; the counter that two simultaneous pushes compete for. */
    latestVersion: integer("latest_version").notNull(),
    createdAt: moment("created_at").notNull(),
  },
  (table) => [unique().on(table.projectId, table.id), unique().on(table.projectId, table.name)],
);

/** Immutable: a trigger refuses UPDATE and DELETE. */
export const promptVersions = pgTable(
  "prompt_versions",
  {
    id: text("id").primaryKey(),
    projectId: text("project_id").notNull(),
    promptId: text("prompt_id").notNull(),
    version: integer("version").notNull(),
    /** Closure hash: of the content with the closure hashes of its includes. */
    hash: text("hash").notNull(),
    /** `json`, not `jsonb`: the order of properties in an output schema is the order in which a model writes them. */
    content: json("content").$type<PromptContent>().notNull(),
    /** Alias → closure hash of the included version. */
    includes: json("includes").$type<Record<string, string>>().notNull(),
    /** NULL: the author said nothing about the change. */
    message: text("message"),
    author: text("author").notNull(),
    createdAt: moment("created_at").notNull(),
  },
  (table) => [
    unique().on(table.projectId, table.promptId, table.version),
    unique().on(table.projectId, table.promptId, table.hash),
    unique().on(table.projectId, table.promptId, table.id),
  ],
);

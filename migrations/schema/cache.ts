import { integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { moment } from "./moment.ts";

/** How often answers were purged; the count is part of the cache's keys. */
export const cachePurges = pgTable(
  "cache_purges",
  {
    projectId: text("project_id").notNull(),
    environmentId: text("environment_id").notNull(),
    kind: text("kind").$type<"environment" | "prompt" | "version" | "tag">().notNull(),
    /** Empty for the environment; else a prompt's name, a closure hash, or a tag. */
    subject: text("subject").notNull(),
    epoch: integer("epoch").notNull(),
    purgedAt: moment("purged_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.projectId, table.environmentId, table.kind, table.subject] })],
);

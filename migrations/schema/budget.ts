import { json, pgTable, text, unique } from "drizzle-orm/pg-core";
import type { Budget } from "@millrace/core/contract";
import { moment } from "./moment.ts";

/** What a project may spend. What is spent is in the gateway's ledger. */
export const budgets = pgTable(
  "budgets",
  {
    id: text("id").primaryKey(),
    projectId: text("project_id").notNull(),
    name: text("name").notNull(),
    /** NULL: every environment. */
    environment: text("environment"),
    budget: json("budget").$type<Budget>().notNull(),
    createdAt: moment("created_at").notNull(),
    updatedAt: moment("updated_at").notNull(),
  },
  (table) => [unique().on(table.projectId, table.id), unique().on(table.projectId, table.name)],
);

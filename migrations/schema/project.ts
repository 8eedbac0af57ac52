import { pgTable, text, unique } from "drizzle-orm/pg-core";
import { moment } from "./moment.ts";

/** The tenants. Every other row belongs to exactly one of them. */
export const projects = pgTable("projects", {
  id: text("id").primaryKey(),
  slug: text("slug").notNull().unique(),
  name: text("name").notNull(),
  createdAt: moment("created_at").notNull(),
});

/** `unique (project_id, id)` is what lets other tables point here without ever crossing a project. */
export const environments = pgTable(
  "environments",
  {
    id: text("id").primaryKey(),
    projectId: text("project_id").notNull(),
    name: text("name").notNull(),
    /** Labels that only a key with `labels:protected` may move. */
    protectedLabels: text("protected_labels").array().notNull(),
    createdAt: moment("created_at").notNull(),
  },
  (table) => [unique().on(table.projectId, table.id), unique().on(table.projectId, table.name)],
);

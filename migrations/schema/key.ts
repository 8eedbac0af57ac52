import { pgTable, text, unique } from "drizzle-orm/pg-core";
import type { Permission } from "@millrace/core/contract";
import { moment } from "./moment.ts";

/** API keys, by their hash alone: the key itself is shown once and never stored. */
export const keys = pgTable(
  "keys",
  {
    id: text("id").primaryKey(),
    projectId: text("project_id").notNull(),
    environmentId: text("environment_id").notNull(),
    name: text("name").notNull(),
    /** SHA-256 of the whole key, in hex. */
    hash: text("hash").notNull().unique(),
    /** The first characters of the key, to recognise it by. */
    hint: text("hint").notNull(),
    permissions: text("permissions").array().$type<Permission[]>().notNull(),
    createdAt: moment("created_at").notNull(),
    createdBy: text("created_by").notNull(),
    /** NULL: does not expire. */
    expiresAt: moment("expires_at"),
    /** NULL: not revoked. */
    revokedAt: moment("revoked_at"),
  },
  (table) => [unique().on(table.projectId, table.id)],
);

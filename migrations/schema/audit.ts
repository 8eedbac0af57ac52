import { bigint, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import type { JsonObject } from "@millrace/core/contract";
import { moment } from "./moment.ts";

/** Who changed what, append-only: a trigger refuses UPDATE and DELETE. */
export const audit = pgTable("audit", {
  id: text("id").primaryKey(),
  sequence: bigint("sequence", { mode: "number" }).generatedAlwaysAsIdentity(),
  projectId: text("project_id").notNull(),
  /** NULL: the change belongs to the whole project. */
  environmentId: text("environment_id"),
  actor: text("actor").notNull(),
  /** `<noun>.<verb>`, such as `label.set`. */
  action: text("action").notNull(),
  subject: text("subject").notNull(),
  detail: jsonb("detail").$type<JsonObject>().notNull(),
  at: moment("at").notNull(),
});

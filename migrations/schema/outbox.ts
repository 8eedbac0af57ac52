import { bigint, integer, pgTable, text } from "drizzle-orm/pg-core";
import { moment } from "./moment.ts";

/** Changes that are committed and not yet in the bundle that the edge serves; written in the statement of the change itself. */
export const outbox = pgTable("outbox", {
  sequence: bigint("sequence", { mode: "number" }).generatedAlwaysAsIdentity().primaryKey(),
  projectId: text("project_id").notNull(),
  environmentId: text("environment_id").notNull(),
  /** What changed, such as `label.set`. */
  reason: text("reason").notNull(),
  createdAt: moment("created_at").notNull(),
  /** NULL: still to be published. */
  doneAt: moment("done_at"),
  attempts: integer("attempts").notNull().default(0),
  /** NULL: the last attempt did not fail. */
  lastError: text("last_error"),
});

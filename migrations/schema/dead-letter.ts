import { bigint, integer, pgTable, text } from "drizzle-orm/pg-core";
import { moment } from "./moment.ts";

/** Queue messages that could not be stored, as they came, until somebody replays them. */
export const deadLetters = pgTable("dead_letters", {
  /** The queue's own message id: a redelivered message is one row. */
  id: text("id").primaryKey(),
  sequence: bigint("sequence", { mode: "number" }).generatedAlwaysAsIdentity(),
  /** NULL: the message does not say whose it is; no tenant sees it. */
  projectId: text("project_id"),
  queue: text("queue").notNull(),
  /** The message's JSON text, or what stood in its place. */
  body: text("body").notNull(),
  reason: text("reason").notNull(),
  attempts: integer("attempts").notNull(),
  deadAt: moment("dead_at").notNull(),
  /** NULL: not replayed yet. */
  replayedAt: moment("replayed_at"),
});

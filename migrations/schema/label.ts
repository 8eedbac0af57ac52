import { bigint, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { moment } from "./moment.ts";

/** Where each label points now. The row outlives a removal, so that "removed" and "never set" stay apart. */
export const labels = pgTable(
  "labels",
  {
    projectId: text("project_id").notNull(),
    environmentId: text("environment_id").notNull(),
    promptId: text("prompt_id").notNull(),
    label: text("label").notNull(),
    /** NULL: the label was removed. */
    versionId: text("version_id"),
    /** Where it pointed before its last move: what a rollback goes back to. NULL: it pointed nowhere. */
    previousVersionId: text("previous_version_id"),
    movedAt: moment("moved_at").notNull(),
    movedBy: text("moved_by").notNull(),
  },
  (table) => [primaryKey({ columns: [table.projectId, table.environmentId, table.promptId, table.label] })],
);

/** Every move of every label, append-only: a trigger refuses UPDATE and DELETE. */
export const labelMoves = pgTable("label_moves", {
  id: text("id").primaryKey(),
  /** Order of the moves; ids of one millisecond do not tell it. */
  sequence: bigint("sequence", { mode: "number" }).generatedAlwaysAsIdentity(),
  projectId: text("project_id").notNull(),
  environmentId: text("environment_id").notNull(),
  promptId: text("prompt_id").notNull(),
  label: text("label").notNull(),
  /** NULL: it pointed nowhere. */
  fromVersionId: text("from_version_id"),
  /** NULL: this move removed it. */
  toVersionId: text("to_version_id"),
  kind: text("kind").$type<"set" | "rollback" | "remove">().notNull(),
  /** NULL: the mover gave none. */
  reason: text("reason"),
  actor: text("actor").notNull(),
  movedAt: moment("moved_at").notNull(),
});

import { integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { moment } from "./moment.ts";

/** The publications of each environment. The document itself lies in KV and in the config hub, under its hash. */
export const bundles = pgTable(
  "bundles",
  {
    projectId: text("project_id").notNull(),
    environmentId: text("environment_id").notNull(),
    /** 1, 2, 3 … within the environment: two publishers cannot both take one number. */
    epoch: integer("epoch").notNull(),
    hash: text("hash").notNull(),
    /** Base64 Ed25519 over the pointer's message. */
    signature: text("signature").notNull(),
    bytes: integer("bytes").notNull(),
    publishedAt: moment("published_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.environmentId, table.epoch] })],
);

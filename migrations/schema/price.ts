import { json, pgTable, text, unique } from "drizzle-orm/pg-core";
import type { Price, PriceRow } from "@millrace/core/contract";
import { moment } from "./moment.ts";

/** What models cost: what a project set itself, and what it imported. The columns before `price` repeat what names the row. */
export const prices = pgTable(
  "prices",
  {
    id: text("id").primaryKey(),
    projectId: text("project_id").notNull(),
    origin: text("origin").$type<PriceRow["origin"]>().notNull(),
    scope: text("scope").$type<"kind" | "provider">().notNull(),
    scopeName: text("scope_name").notNull(),
    model: text("model").notNull(),
    match: text("match").$type<Price["match"]>().notNull(),
    /** -infinity: since ever. */
    validFrom: moment("valid_from").notNull(),
    price: json("price").$type<Price>().notNull(),
    createdAt: moment("created_at").notNull(),
    updatedAt: moment("updated_at").notNull(),
  },
  (table) => [
    unique().on(table.projectId, table.id),
    unique().on(table.projectId, table.origin, table.scope, table.scopeName, table.model, table.match, table.validFrom),
  ],
);

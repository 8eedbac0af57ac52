import { timestamp } from "drizzle-orm/pg-core";

/** A moment, in UTC with microseconds; a JavaScript Date keeps the milliseconds of it. */
export const moment = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

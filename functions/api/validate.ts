import { faultText, MillraceError, schemaFaults } from "@millrace/core/contract";
import type { z } from "zod";

/** A schema, by what is used of it. */
interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: z.core.$ZodError };
}

/** Faults of one answer: enough to correct a request, not enough to fill a log. */
const MAX_FAULTS = 5;

/** @throws MillraceError `invalid-request`; `param` is the path of the first fault, the message tells the first few */
export function validate<T>(schema: Schema<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = schemaFaults(result.error).slice(0, MAX_FAULTS);
  const param = faults[0]?.path;
  throw new MillraceError("invalid-request", {
    message: faults.map(faultText).join("; "),
    ...(param === undefined || param === "" ? {} : { param }),
  });
}

import { faultText, MillraceError, schemaFaults } from "@millrace/core/contract";
import type { z } from "zod";

/** What is needed of a schema; its own generic type is too deep for the compiler to carry along. */
export interface Validator {
  safeParse(value: unknown): { readonly success: true } | { readonly success: false; readonly error: z.core.$ZodError };
}

/** @throws MillraceError `invalid-request` that names the first field at fault. */
export function validateRequest(schema: Validator, value: unknown): void {
  const result = schema.safeParse(value);
  if (result.success) return;
  const [fault] = schemaFaults(result.error);
  if (fault === undefined) throw new MillraceError("invalid-request");
  throw new MillraceError("invalid-request", {
    message: faultText(fault),
    ...(fault.path === "" ? {} : { param: fault.path }),
  });
}

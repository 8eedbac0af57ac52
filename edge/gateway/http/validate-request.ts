import { MillraceError } from "@millrace/core/contract";
import type { z } from "zod";

/** `messages[0].content`: how a caller would write the path. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += text === "" ? String(part) : `.${String(part)}`;
  }
  return text;
}

/** Of a union's failures, the arm that got furthest says best what was meant. */
function deepestIssue(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union") return issue;
  let best: z.core.$ZodIssue | undefined;
  for (const arm of issue.errors) {
    const first = arm[0];
    if (first !== undefined && first.path.length > (best?.path.length ?? 0)) best = deepestIssue(first);
  }
  return best === undefined ? issue : { ...best, path: [...issue.path, ...best.path] };
}

/** What is needed of a schema; its own generic type is too deep for the compiler to carry along. */
export interface Validator {
  safeParse(value: unknown): { readonly success: true } | { readonly success: false; readonly error: z.core.$ZodError };
}

/** @throws MillraceError `invalid-request` that names the first field at fault. */
export function validateRequest(schema: Validator, value: unknown): void {
  const result = schema.safeParse(value);
  if (result.success) return;
  const [first] = result.error.issues;
  if (first === undefined) throw new MillraceError("invalid-request");
  const issue = deepestIssue(first);
  const param = pathText(issue.path);
  throw new MillraceError("invalid-request", {
    message: param === "" ? issue.message : `${param}: ${issue.message}`,
    ...(param === "" ? {} : { param }),
  });
}

import { MillraceError } from "@millrace/core/contract";

/** A schema, by what is used of it. */
interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: { issues: readonly Issue[] } };
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Issues of one answer: enough to correct a request, not enough to fill a log. */
const MAX_ISSUES = 5;

/** @throws MillraceError `invalid-request`; `param` is the path of the first fault, the message tells the first few */
export function validate<T>(schema: Schema<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues
    .slice(0, MAX_ISSUES)
    .map((issue) => ({ path: pathText(issue.path), text: issue.message }));
  const param = faults[0]?.path;
  throw new MillraceError("invalid-request", {
    message: faults.map(({ path, text }) => (path === "" ? text : `${path}: ${text}`)).join("; "),
    ...(param === undefined || param === "" ? {} : { param }),
  });
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : `${text}${text === "" ? "" : "."}${String(part)}`),
    "",
  );
}

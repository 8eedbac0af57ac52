import { MillraceError } from "@millrace/core/contract";
import type { ModelCall } from "../../exchange/model-call.ts";

/** @throws MillraceError `unsupported-parameter` for the first field that is set and not among those that the target can honour. */
export function refuseUnsupported(fields: ModelCall["fields"], supported: ReadonlySet<string>, what: string): void {
  for (const [param, value] of Object.entries(fields)) {
    if (supported.has(param) || value === null || value === undefined) continue;
    throw new MillraceError("unsupported-parameter", { param, message: `${what} cannot honour \`${param}\`.` });
  }
}

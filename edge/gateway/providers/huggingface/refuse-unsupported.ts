import { MillraceError } from "@millrace/core/contract";
import type { ModelCall } from "../../exchange/model-call.ts";

/** @throws MillraceError `unsupported-parameter` for the first field that is set and not among those that the target can honour. */
export function refuseUnsupported(fields: ModelCall["fields"], supported: ReadonlySet<string>, what: string): void {
  for (const [param, value] of Object.entries(fields)) {
    if (supported.has(param) || value === null || value === undefined) continue;
    throw new MillraceError("unsupported-parameter", { param, message: `${what} cannot honour \`${param}\`.` });
  }
}

/** Arguments of the library that stand beside the fields of a request there: where it is sent and who pays, which the provider says and no caller. */
const LIBRARY_ARGUMENTS = ["accessToken", "endpointUrl", "provider", "urlTransform"];

/** @throws MillraceError `unsupported-parameter` for a field that the library would take for one of its own arguments. */
export function refuseLibraryArguments(fields: ModelCall["fields"]): void {
  const param = LIBRARY_ARGUMENTS.find((name) => fields[name] !== undefined);
  if (param === undefined) return;
  throw new MillraceError("unsupported-parameter", {
    param,
    message: `Hugging Face cannot honour \`${param}\`: the target's provider says it.`,
  });
}

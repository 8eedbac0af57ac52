import { MillraceError } from "@millrace/core/contract";

/** Fields that name the caller's own bookkeeping: accepted, without effect on the answer. */
export const BOOKKEEPING = ["user", "metadata", "store"] as const;

const isSet = (value: unknown) =>
  value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);

/** Refuses every field that is set and not known: a parameter is honoured or refused, never ignored. */
export function refuseUnknown(value: object, known: readonly string[], path = ""): void {
  for (const [name, field] of Object.entries(value)) {
    if (!isSet(field) || known.includes(name)) continue;
    throw unsupported(`${path}${name}`, `This runner does not know \`${path}${name}\`.`);
  }
}

export function unsupported(param: string, message: string): MillraceError {
  return new MillraceError("unsupported-parameter", { param, message });
}

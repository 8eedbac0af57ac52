import { type Capability, capabilitySchema } from "@millrace/core/contract";

/** Everything but what is named; a set that is made once, since it is asked for with every request. */
export function allExcept(...without: readonly Capability[]): ReadonlySet<Capability> {
  return new Set(capabilitySchema.options.filter((capability) => !without.includes(capability)));
}

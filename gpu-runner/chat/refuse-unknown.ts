import { MillraceError } from "@millrace/core/contract";

type Test = (value: unknown) => boolean;

const any: Test = () => true;
const text: Test = (value) => typeof value === "string";
const oneOf =
  (...values: readonly unknown[]): Test =>
  (value) =>
    values.includes(value);

/**
 * Fields of a request that the runner does nothing for, and the values of them that ask for nothing more: the caller's own bookkeeping, words
 * about a cache that promise nothing, and what happens anyway.
 */
const WITHOUT_EFFECT: ReadonlyMap<string, Test> = new Map([
  ["user", any],
  ["metadata", any],
  ["store", any],
  ["safety_identifier", text],
  ["prompt_cache_key", text],
  ["prompt_cache_retention", text],
  ["service_tier", oneOf("auto", "default")],
  ["modalities", (value) => Array.isArray(value) && value.every(oneOf("text"))],
  ["verbosity", oneOf("medium")],
  // What it chooses among are `functions`, and those are refused.
  ["function_call", oneOf("none", "auto")],
]);

/** OpenAI pads the chunks of a stream unless it is told not to; the runner never does. */
const STREAM_OPTIONS: ReadonlyMap<string, Test> = new Map([
  ["include_usage", any],
  ["include_obfuscation", oneOf(false)],
]);

const isSet = (value: unknown) =>
  value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);

/** Refuses every field that is set and not known: a parameter is honoured or refused, never ignored. */
export function refuseUnknown(value: object, known: readonly string[], path = ""): void {
  refuseUnless(value, (name) => known.includes(name), path);
}

/** The same for a request that generates, where a field may also ask for nothing that is not done anyway. */
export function refuseUnknownInRequest(
  request: { readonly stream_options?: object | null | undefined },
  known: readonly string[],
): void {
  refuseUnless(request, (name, field) => known.includes(name) || WITHOUT_EFFECT.get(name)?.(field) === true, "");
  refuseUnless(
    request.stream_options ?? {},
    (name, field) => STREAM_OPTIONS.get(name)?.(field) === true,
    "stream_options.",
  );
}

function refuseUnless(value: object, accepts: (name: string, field: unknown) => boolean, path: string): void {
  for (const [name, field] of Object.entries(value)) {
    if (!isSet(field) || accepts(name, field)) continue;
    throw unsupported(`${path}${name}`, `This runner cannot honour \`${path}${name}\` as it is set.`);
  }
}

export function unsupported(param: string, message: string): MillraceError {
  return new MillraceError("unsupported-parameter", { param, message });
}

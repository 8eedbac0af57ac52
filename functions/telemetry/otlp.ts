/**
 * The part of OTLP's JSON encoding that traces need: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. Ids are hex, 64-bit integers are
 * strings, enums are numbers, names are in lowerCamelCase.
 */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  /** W3C trace flags, and whether the parent was in another process. */
  readonly flags: number;
  readonly name: string;
  readonly kind: (typeof spanKinds)[keyof typeof spanKinds];
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly status: { readonly code?: (typeof statusCodes)[keyof typeof statusCodes]; readonly message?: string };
}

export type OtlpValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly arrayValue: { readonly values: readonly OtlpValue[] } };

export interface OtlpAttribute {
  readonly key: string;
  readonly value: OtlpValue;
}

export const spanKinds = { internal: 1, server: 2, client: 3 } as const;
export const statusCodes = { error: 2 } as const;

/** What an attribute may be here; null and undefined are unknown and leave no attribute. */
export type AttributeValue = string | number | boolean | readonly string[] | null | undefined;
/** A setting that is a double by its convention, also when it is a whole number. */
export interface Double {
  readonly double: number;
}

function valueOf(value: Exclude<AttributeValue, null | undefined> | Double): OtlpValue {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number")
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if ("double" in value) return { doubleValue: value.double };
  return { arrayValue: { values: value.map((stringValue) => ({ stringValue })) } };
}

export function otlpAttributes(attributes: Readonly<Record<string, AttributeValue | Double>>): OtlpAttribute[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === null || value === undefined ? [] : [{ key, value: valueOf(value) }],
  );
}

/** Milliseconds since the epoch, with a fraction, as nanoseconds; the clock gives microseconds at best. */
export function unixNano(ms: number): string {
  return String(BigInt(Math.round(ms * 1000)) * 1000n);
}

const RESOURCE = {
  attributes: otlpAttributes({ "service.name": "millrace-gateway", "service.namespace": "millrace" }),
};
const SCOPE = { name: "millrace" };

/** The body of one request to `/v1/traces`, of spans that are JSON already. */
export function exportRequest(spans: readonly string[]): string {
  return `{"resourceSpans":[{"resource":${JSON.stringify(RESOURCE)},"scopeSpans":[{"scope":${JSON.stringify(SCOPE)},"spans":[${spans.join(",")}]}]}]}`;
}

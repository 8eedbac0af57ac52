import { z } from "zod";
import type { OtlpTarget } from "./post-otlp.ts";

export interface OtlpSettings extends OtlpTarget {
  /** Whether what was said is exported, beside how long it took and what it cost. */
  readonly content: boolean;
}

const TRACES_PATH = "/v1/traces";
/** RFC 9110: a token, and a value without control characters. */
const HEADER = /^([\w!#$%&'*+.^`|~-]+)\s*=\s*([\x20-\x7e]*)$/;

/** `name=value,name=value` with percent-encoded values, as OTEL_EXPORTER_OTLP_HEADERS has it. */
const headersSchema = z.string().transform((text, context) => {
  const headers: Record<string, string> = {};
  for (const item of text.split(",").map((part) => part.trim())) {
    if (item === "") continue;
    const [, name, value] = HEADER.exec(item) ?? [];
    const decoded = value === undefined ? undefined : decode(value);
    if (name === undefined || decoded === undefined) {
      context.addIssue("expected name=value, separated by commas");
      return z.NEVER;
    }
    headers[name.toLowerCase()] = decoded;
  }
  return headers;
});

function decode(value: string): string | undefined {
  try {
    return decodeURIComponent(value.trim());
  } catch {
    return undefined;
  }
}

/** Where OTEL_EXPORTER_OTLP_ENDPOINT puts traces: below the base, unless that is where they go already. */
function tracesUrl(endpoint: string): string {
  const url = new URL(endpoint);
  if (!url.pathname.endsWith(TRACES_PATH)) url.pathname = url.pathname.replace(/\/+$/, "") + TRACES_PATH;
  return url.href;
}

/** Variables of the environment; all optional. */
export const otlpVariables = {
  OTLP_ENDPOINT: z.union([z.literal(""), z.url({ protocol: /^https?$/ })]).optional(),
  OTLP_HEADERS: headersSchema.optional(),
  OTLP_CONTENT: z.enum(["", "true", "false"]).optional(),
};

/** Undefined: nothing is exported. */
export function otlpSettings(variables: z.output<z.ZodObject<typeof otlpVariables>>): OtlpSettings | undefined {
  const { OTLP_ENDPOINT: endpoint, OTLP_HEADERS: headers, OTLP_CONTENT: content } = variables;
  if (endpoint === undefined || endpoint === "") return undefined;
  return { url: tracesUrl(endpoint), headers: headers ?? {}, content: content === "true" };
}

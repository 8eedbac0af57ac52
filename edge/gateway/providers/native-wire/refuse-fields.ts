import { MillraceError } from "@millrace/core/contract";
import type { Fields } from "../../json/vendor-json.ts";

/** Values by which a caller asks for what happens anyway: honoured without being sent. */
const neutral: Readonly<Record<string, readonly unknown[]>> = {
  n: [1],
  presence_penalty: [0],
  frequency_penalty: [0],
  logprobs: [false],
  top_logprobs: [0],
  store: [false],
  service_tier: ["auto"],
  parallel_tool_calls: [true],
  detail: ["auto"],
  strict: [false],
  modalities: [["text"]],
};

/** What the gateway itself honours, whoever answers. `provider_options` holds a section for each kind of provider. */
const ours: ReadonlySet<string> = new Set([
  "model",
  "stream",
  "stream_options",
  "user",
  "metadata",
  "prompt",
  "provider_options",
]);

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function isNeutral(field: string, value: unknown): boolean {
  return neutral[field]?.some((same) => JSON.stringify(same) === JSON.stringify(value)) ?? false;
}

export interface FieldRules {
  /** The fields that the converter reads. */
  readonly known: ReadonlySet<string>;
  /** Who cannot honour the rest, for the message. */
  readonly who: string;
  /** Where the fields stand: `messages[0].` */
  readonly path?: string;
}

/** The refusal of one parameter. */
export function unsupported(param: string, who: string, instead?: string): MillraceError {
  const message = `${who} cannot honour \`${param}\`${instead === undefined ? "" : `: ${instead}`}.`;
  return new MillraceError("unsupported-parameter", { param, message });
}

/** @throws MillraceError `unsupported-parameter` for the first field that says something and is not read. */
export function refuseFields(fields: Fields, rules: FieldRules): void {
  for (const field in fields) {
    const value = fields[field];
    if (rules.known.has(field) || isEmpty(value) || isNeutral(field, value)) continue;
    throw unsupported(`${rules.path ?? ""}${field}`, rules.who);
  }
}

/** The same for a whole chat request, whose own fields are checked beside those of the converter. */
export function refuseRequestFields(fields: Fields, rules: FieldRules): void {
  refuseFields(fields, { ...rules, known: new Set([...rules.known, ...ours]) });
}

import { MillraceError } from "../../../contract/millrace-error.ts";
import { MAX_RENDERED_CHARS } from "../limits.ts";
import { isRecord, valueText } from "../template-value.ts";

/** A filter's input and arguments, and where work is paid for before it is done. */
export interface FilterCall {
  readonly value: unknown;
  readonly args: readonly unknown[];
  readonly spendChars: (chars: number) => void;
}
type Filter = (call: FilterCall) => unknown;

/** The six filters of the subset, and the optional `replace` (jinja-grammar.md, section 5.4). */
const filters = {
  upper: (call) => paidText(call).toUpperCase(),
  lower: (call) => paidText(call).toLowerCase(),
  trim: (call) => trimSpaces(paidText(call)),
  join: joinItems,
  length: ({ value }) => lengthOf(value),
  default: ({ value, args }) => value ?? args[0] ?? "",
  replace: replaceText,
} as const satisfies Record<string, Filter>;

export type JinjaFilterName = keyof typeof filters;

export function isJinjaFilter(name: string): name is JinjaFilterName {
  return Object.hasOwn(filters, name);
}

/** @throws MillraceError `template-error` for misuse or a result beyond MAX_RENDERED_CHARS; the caller adds the place. */
export function applyJinjaFilter(name: JinjaFilterName, call: FilterCall): unknown {
  return filters[name](call);
}

function paidText(call: FilterCall): string {
  const text = valueText(call.value);
  call.spendChars(text.length);
  return text;
}

function trimSpaces(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a;
}

function joinItems(call: FilterCall): string {
  if (!Array.isArray(call.value)) throw new MillraceError("template-error", { message: "`join` needs a list" });
  const separator = valueText(call.args[0]);
  const items = call.value.map(valueText);
  const chars = items.reduce((sum, item) => sum + item.length + separator.length, items.length);
  refuseLarge(chars);
  call.spendChars(chars);
  return items.join(separator);
}

function replaceText(call: FilterCall): string {
  if (call.args.length < 2) throw new MillraceError("template-error", { message: "`replace` needs two arguments" });
  const text = paidText(call);
  const old = valueText(call.args[0]);
  if (old === "") return text;
  const pieces = text.split(old);
  const replacement = valueText(call.args[1]);
  const chars = text.length + (pieces.length - 1) * replacement.length;
  refuseLarge(chars);
  call.spendChars(chars);
  return pieces.join(replacement);
}

function lengthOf(value: unknown): number {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return isRecord(value) ? Object.keys(value).length : 0;
}

function refuseLarge(chars: number): void {
  if (chars > MAX_RENDERED_CHARS) {
    throw new MillraceError("template-error", {
      message: `a filter's result exceeds ${MAX_RENDERED_CHARS} characters`,
    });
  }
}

import { type AST, parse } from "@handlebars/parser";
import type { MillraceError } from "../../../contract/millrace-error.ts";
import { MAX_TEMPLATE_NESTING } from "../limits.ts";
import { templateError, templateErrorAt } from "../template-error.ts";

const blockTag = /\{\{~?(?:([#^])|(\/))/g;

/**
 * The Handlebars tree of a template, with its white space control applied, from Handlebars' own parser (which compiles nothing).
 * @throws MillraceError `template-error` with the place of the fault.
 */
export function parseHandlebars(source: string): AST.Program {
  refuseDeepNesting(source);
  try {
    return parse(source);
  } catch (error) {
    throw parseFault(error);
  }
}

/** The parser takes quadratic time and the whole stack for nested blocks, so the depth is checked before it runs. */
function refuseDeepNesting(source: string): void {
  let depth = 0;
  for (const match of source.matchAll(blockTag)) {
    depth += match[1] === undefined ? -1 : 1;
    if (depth > MAX_TEMPLATE_NESTING) {
      throw templateErrorAt(`blocks are nested more than ${MAX_TEMPLATE_NESTING} deep`, source, match.index);
    }
  }
}

/** A syntax error carries `hash.loc`, an error of meaning `lineNumber` and `column`; lines count from 1, columns from 0. */
interface HandlebarsFault {
  readonly message?: unknown;
  readonly hash?: { readonly loc?: { readonly last_line?: number; readonly last_column?: number } };
  readonly lineNumber?: number;
  readonly column?: number;
}

function parseFault(error: unknown): MillraceError {
  const fault: HandlebarsFault = typeof error === "object" && error !== null ? error : {};
  const text = typeof fault.message === "string" ? fault.message : "the template cannot be parsed";
  const line = fault.hash?.loc?.last_line ?? fault.lineNumber ?? 1;
  const column = (fault.hash?.loc?.last_column ?? fault.column ?? 0) + 1;
  const got = /got '([A-Z_]+)'/.exec(text)?.[1];
  if (got !== undefined)
    return templateError(got === "EOF" ? "the template ends too early" : "unexpected tag", { line, column });
  return templateError(text.replace(/ - \d+:\d+$/, ""), { line, column });
}

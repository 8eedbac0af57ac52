import { MillraceError } from "../../contract/millrace-error.ts";

export interface SourcePosition {
  /** Counted from 1. */
  readonly line: number;
  /** UTF-16 code units, counted from 1. */
  readonly column: number;
}

/** Line and column of an offset; `\n` ends a line. */
export function positionAt(source: string, offset: number): SourcePosition {
  const before = source.slice(0, Math.max(0, offset));
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: before.length - lineStart + 1 };
}

/** A `template-error` whose message ends with the place of the fault. */
export function templateError(message: string, position: SourcePosition): MillraceError {
  return new MillraceError("template-error", {
    message: `${message} (line ${position.line}, column ${position.column})`,
  });
}

/** The same, at an offset into the source. */
export function templateErrorAt(message: string, source: string, offset: number): MillraceError {
  return templateError(message, positionAt(source, offset));
}

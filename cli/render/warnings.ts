import type { CliContext } from "../context.ts";
import { safeLine } from "./safe-text.ts";

/** What does not stop the command and should not stay unsaid. */
export function noteWarnings(context: CliContext, warnings: readonly string[]): void {
  for (const warning of warnings) context.note(`${context.paint("yellow", "warning")}: ${safeLine(warning)}\n`);
}

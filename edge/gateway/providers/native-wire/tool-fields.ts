import type { FunctionTool } from "@millrace/core/contract";
import { refuseFields } from "./refuse-fields.ts";

const TOOL_FIELDS = ["type", "function"];
const FUNCTION_FIELDS: ReadonlySet<string> = new Set(["name", "description", "parameters", "strict"]);

export interface ToolPlace {
  /** Who is spoken to, for refusals. */
  readonly who: string;
  readonly index: number;
  /** Fields of a tool that this converter reads beside those of all. */
  readonly fields?: readonly string[];
}

/** @throws MillraceError `unsupported-parameter` for the first field of a tool that says something and is not read. */
export function refuseToolFields(tool: FunctionTool, { who, index, fields = [] }: ToolPlace): void {
  const path = `tools[${index}].`;
  refuseFields(tool, { known: new Set([...TOOL_FIELDS, ...fields]), who, path });
  refuseFields(tool.function, { known: FUNCTION_FIELDS, who, path: `${path}function.` });
}

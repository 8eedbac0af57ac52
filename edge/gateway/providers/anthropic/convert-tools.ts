import type { ChatRequest, FunctionTool } from "@millrace/core/contract";
import { refuseFields } from "../native-wire/refuse-fields.ts";
import type { Block } from "./convert-content.ts";
import { JSON_TOOL } from "../native-wire/json-tool.ts";

function toolOf(tool: FunctionTool, index: number): Block {
  const path = `tools[${index}].`;
  const known = new Set(["name", "description", "parameters", "strict"]);
  refuseFields(tool, { known: new Set(["type", "function", "cache_control"]), who: "Anthropic", path });
  refuseFields(tool.function, { known, who: "Anthropic", path: `${path}function.` });
  const { name, description, parameters, strict } = tool.function;
  return {
    name,
    ...(description === undefined ? {} : { description }),
    input_schema: { type: "object", ...(parameters ?? { properties: {} }) },
    ...(strict === true ? { strict } : {}),
    ...(tool["cache_control"] === undefined ? {} : { cache_control: tool["cache_control"] }),
  };
}

function choiceOf(request: ChatRequest): Block | undefined {
  const choice = request.tool_choice;
  if (choice === "none") return { type: "none" };
  const single = request.parallel_tool_calls === false ? { disable_parallel_tool_use: true } : {};
  if (choice === "required") return { type: "any", ...single };
  if (typeof choice === "object") return { type: "tool", name: choice.function.name, ...single };
  return choice === "auto" || "disable_parallel_tool_use" in single ? { type: "auto", ...single } : undefined;
}

/** Tools and what the model may do with them. */
export function convertTools(request: ChatRequest): Block {
  if (request.tools === undefined || request.tools.length === 0) return {};
  const choice = choiceOf(request);
  return { tools: request.tools.map(toolOf), ...(choice === undefined ? {} : { tool_choice: choice }) };
}

/** The tool by which a model without an output format of its own answers in JSON. */
export function jsonTool(schema: unknown, description: string | undefined): Block {
  return {
    tools: [
      {
        name: JSON_TOOL,
        description: description ?? "The answer to the user. Call it exactly once, with the whole answer.",
        input_schema: schema,
      },
    ],
    tool_choice: { type: "tool", name: JSON_TOOL, disable_parallel_tool_use: true },
  };
}

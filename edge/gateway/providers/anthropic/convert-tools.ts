import type { ChatRequest, FunctionTool } from "@millrace/core/contract";
import { refuseToolFields } from "../native-wire/tool-fields.ts";
import type { Block } from "./convert-content.ts";
import { JSON_TOOL, JSON_TOOL_DESCRIPTION } from "../native-wire/json-tool.ts";

function toolOf(tool: FunctionTool, index: number): Block {
  refuseToolFields(tool, { who: "Anthropic", index, fields: ["cache_control"] });
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
        description: description ?? JSON_TOOL_DESCRIPTION,
        input_schema: schema,
      },
    ],
    tool_choice: { type: "tool", name: JSON_TOOL, disable_parallel_tool_use: true },
  };
}

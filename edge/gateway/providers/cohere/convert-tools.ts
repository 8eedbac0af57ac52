import type { ChatRequest, FunctionTool } from "@millrace/core/contract";
import { unsupported } from "../native-wire/refuse-fields.ts";
import { refuseToolFields } from "../native-wire/tool-fields.ts";

const WHO = "Cohere";

function toolOf(tool: FunctionTool, index: number): object {
  refuseToolFields(tool, { who: WHO, index });
  const { name, description, parameters } = tool.function;
  return {
    type: "function",
    function: {
      name,
      ...(description === undefined ? {} : { description }),
      parameters: parameters ?? { type: "object", properties: {} },
    },
  };
}

/** Cohere holds all tools to their schemas or none. */
function strictness(tools: readonly FunctionTool[]): object {
  const strict = tools.map((tool) => tool.function.strict === true);
  if (!strict.includes(true)) return {};
  const lax = strict.indexOf(false);
  if (lax >= 0) throw unsupported(`tools[${lax}].function.strict`, WHO, "all tools are strict or none");
  return { strict_tools: true };
}

function choiceOf(request: ChatRequest): object {
  const choice = request.tool_choice;
  if (choice === "none") return { tool_choice: "NONE" };
  if (choice === undefined || choice === "auto") return {};
  // To call one named tool can only be said where there is no other.
  if (choice === "required" || request.tools?.length === 1) return { tool_choice: "REQUIRED" };
  throw unsupported("tool_choice", WHO, "it cannot be made to call one tool of several");
}

/** Tools and what the model may do with them. */
export function convertTools(request: ChatRequest): object {
  const tools = request.tools ?? [];
  if (tools.length === 0) return {};
  if (request.parallel_tool_calls === false) throw unsupported("parallel_tool_calls", WHO);
  return { tools: tools.map(toolOf), ...strictness(tools), ...choiceOf(request) };
}

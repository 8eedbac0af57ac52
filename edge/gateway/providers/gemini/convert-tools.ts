import type { ChatRequest, FunctionTool } from "@millrace/core/contract";
import { unsupported } from "../native-wire/refuse-fields.ts";
import { refuseToolFields } from "../native-wire/tool-fields.ts";

function declaration(tool: FunctionTool, index: number): object {
  refuseToolFields(tool, { who: "Gemini", index });
  const { name, description, parameters } = tool.function;
  return {
    name,
    ...(description === undefined ? {} : { description }),
    ...(parameters === undefined ? {} : { parametersJsonSchema: parameters }),
  };
}

function calling(request: ChatRequest): object | undefined {
  const { tool_choice: choice, tools } = request;
  if (choice === "none") return { mode: "NONE" };
  if (choice === "required") return { mode: "ANY" };
  if (typeof choice === "object") return { mode: "ANY", allowedFunctionNames: [choice.function.name] };
  // Free to call or not, but arguments must fit the schema: what `strict` means.
  if (tools?.some((tool) => tool.function.strict === true) === true) return { mode: "VALIDATED" };
  return choice === "auto" ? { mode: "AUTO" } : undefined;
}

/** Tools and what the model may do with them. */
export function convertTools(request: ChatRequest): object {
  if (request.tools === undefined || request.tools.length === 0) return {};
  if (request.parallel_tool_calls === false) throw unsupported("parallel_tool_calls", "Gemini");
  const functionCallingConfig = calling(request);
  return {
    tools: [{ functionDeclarations: request.tools.map(declaration) }],
    ...(functionCallingConfig === undefined ? {} : { toolConfig: { functionCallingConfig } }),
  };
}

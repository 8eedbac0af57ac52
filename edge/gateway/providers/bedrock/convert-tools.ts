import type { ChatRequest, FunctionTool } from "@millrace/core/contract";
import { JSON_TOOL, JSON_TOOL_DESCRIPTION } from "../native-wire/json-tool.ts";
import { unsupported } from "../native-wire/refuse-fields.ts";
import { refuseToolFields } from "../native-wire/tool-fields.ts";
import { type Block, cachePoint } from "./convert-content.ts";
import type { ModelFamily } from "./model-family.ts";

const WHO = "Bedrock";

function toolBlocks(tool: FunctionTool, index: number): Block[] {
  refuseToolFields(tool, { who: WHO, index, fields: ["cache_control"] });
  const { name, description, parameters, strict } = tool.function;
  const spec = {
    name,
    ...(description === undefined ? {} : { description }),
    inputSchema: { json: { type: "object", ...(parameters ?? { properties: {} }) } },
    ...(strict === true ? { strict } : {}),
  };
  return [{ toolSpec: spec }, ...cachePoint(tool)];
}

function choiceOf(request: ChatRequest, family: ModelFamily): Block | undefined {
  const { tool_choice: choice } = request;
  if (choice === undefined || choice === "none") return undefined;
  if (choice === "auto") return { auto: {} };
  if (choice === "required") return { any: {} };
  if (!family.namedTool) throw unsupported("tool_choice", WHO, "this model cannot be made to call one tool");
  return { tool: { name: choice.function.name } };
}

function mentionsTools(request: ChatRequest): boolean {
  return request.messages.some(
    (message) => message.role === "tool" || (message.role === "assistant" && (message.tool_calls ?? []).length > 0),
  );
}

/** Tools and what the model may do with them. Converse has no word for "call none": then no tool is told. */
export function convertTools(request: ChatRequest, family: ModelFamily): Block {
  const tools = request.tools ?? [];
  if (tools.length === 0) return {};
  if (request.parallel_tool_calls === false) throw unsupported("parallel_tool_calls", WHO);
  if (request.tool_choice === "none") {
    if (mentionsTools(request))
      throw unsupported("tool_choice", WHO, "tools that were called before must stay callable");
    return {};
  }
  const toolChoice = choiceOf(request, family);
  return { toolConfig: { tools: tools.flatMap(toolBlocks), ...(toolChoice === undefined ? {} : { toolChoice }) } };
}

/** The tool by which a model answers in JSON. */
export function jsonTool(schema: unknown, description: string | undefined): Block {
  const spec = {
    name: JSON_TOOL,
    description: description ?? JSON_TOOL_DESCRIPTION,
    inputSchema: { json: schema },
  };
  return { toolConfig: { tools: [{ toolSpec: spec }], toolChoice: { tool: { name: JSON_TOOL } } } };
}

import { MillraceError } from "../../contract/millrace-error.ts";
import type { JsonObject } from "../../contract/json-value.ts";
import type { PromptCall } from "../../contract/prompt.ts";
import type { ChatMessage } from "../../contract/wire/chat-request.ts";
import { renderCompiledTemplate } from "../template/compile-template.ts";
import { type DotpromptMessage, type DotpromptPart, toMessages } from "../template/dotprompt/to-messages.ts";
import { type Segment, segmentsText } from "../template/segment.ts";
import {
  atField,
  type CompiledMessage,
  type CompiledPrompt,
  type PlacedTemplate,
  type TemplateRole,
} from "./compile-prompt.ts";
import { type CountTokens, fillWithInput, fillWithMessages, fillWithProfile } from "./fill-slot.ts";

/** What did not fit its slot. */
export interface DroppedContext {
  /** Messages, oldest first. */
  readonly input: number;
  /** Messages, oldest first. */
  readonly history: number;
  /** Names of fields. */
  readonly profile: readonly string[];
}

export interface MessageInputs {
  readonly variables: JsonObject;
  readonly call: PromptCall;
  readonly input: readonly ChatMessage[];
  readonly countTokens: CountTokens;
}

export interface RenderedMessages {
  readonly messages: readonly ChatMessage[];
  readonly dropped: DroppedContext;
}

/** The messages of one request, in the order that renderCompiled documents. */
export function renderMessages(compiled: CompiledPrompt, inputs: MessageInputs): RenderedMessages {
  const render = (placed: PlacedTemplate) => renderPlaced(compiled, placed, inputs.variables);
  const messages: ChatMessage[] = [];
  const dropped = { input: 0, history: 0, profile: [] as readonly string[] };
  const system = systemText(compiled, render);
  if (system !== "") messages.push({ role: "system", content: system });
  for (const { role, text } of compiled.fewShot) messages.push({ role, content: segmentsText(render(text)) });
  for (const item of compiled.messages) {
    if (item.kind === "slot") messages.push(...fillSlot(item, inputs, dropped));
    else messages.push(...templateMessages(item.role, { placed: item.text, segments: render(item.text), inputs }));
  }
  if (!compiled.messages.some((item) => item.kind === "slot" && item.slot === "input")) messages.push(...inputs.input);
  return { messages, dropped };
}

function renderPlaced(compiled: CompiledPrompt, placed: PlacedTemplate, variables: JsonObject): readonly Segment[] {
  const { partials } = compiled;
  const { strict } = compiled.variables;
  return atField(placed.path, () => renderCompiledTemplate(placed.template, { variables, partials, strict }));
}

function systemText(compiled: CompiledPrompt, render: (placed: PlacedTemplate) => readonly Segment[]): string {
  const system = compiled.system === undefined ? "" : segmentsText(render(compiled.system));
  if (compiled.constraints.length === 0) return system;
  const lines = compiled.constraints.map((constraint) => `- ${segmentsText(render(constraint))}`);
  const list = `Constraints:\n${lines.join("\n")}`;
  return system === "" ? list : `${system}\n\n${list}`;
}

function fillSlot(
  item: CompiledMessage & { kind: "slot" },
  inputs: MessageInputs,
  dropped: { input: number; history: number; profile: readonly string[] },
): readonly ChatMessage[] {
  const budget = { maxTokens: item.maxTokens, countTokens: inputs.countTokens };
  switch (item.slot) {
    case "input": {
      const filled = fillWithInput(inputs.input, budget);
      dropped.input += filled.dropped;
      return filled.messages;
    }
    case "history": {
      const filled = fillWithMessages(inputs.call.history ?? [], budget);
      dropped.history += filled.dropped;
      return filled.messages;
    }
    case "profile": {
      const filled = fillWithProfile(inputs.call.profile ?? {}, budget);
      dropped.profile = [...dropped.profile, ...filled.dropped];
      return filled.messages;
    }
  }
}

interface RenderedTemplate {
  readonly placed: PlacedTemplate;
  readonly segments: readonly Segment[];
  readonly inputs: MessageInputs;
}

/** Stands for the whole history while messages are cut at the markers. */
const historyPlaceholder: readonly DotpromptMessage[] = [{ role: "user", content: [] }];

function templateMessages(role: TemplateRole, rendered: RenderedTemplate): readonly ChatMessage[] {
  const { segments, placed, inputs } = rendered;
  if (!segments.some(({ kind }) => kind === "marker")) {
    const content = segmentsText(segments);
    return content === "" ? [] : [{ role, content }];
  }
  const holdsHistory = segments.some((segment) => segment.kind === "marker" && segment.marker.type === "history");
  const cut = toMessages(segments, holdsHistory ? historyPlaceholder : [], role);
  return cut.flatMap(({ role: cutRole, content, metadata }): readonly ChatMessage[] => {
    if (metadata?.["purpose"] === "history") return inputs.call.history ?? [];
    return chatMessage(cutRole === "model" ? "assistant" : cutRole, content, placed.path);
  });
}

function chatMessage(role: string, parts: readonly DotpromptPart[], path: string): readonly ChatMessage[] {
  if (parts.some((part) => "media" in part)) {
    if (role !== "user") throw fault(path, `a \`${role}\` message cannot hold media`);
    const content = parts.flatMap((part) => userPart(part, path));
    return [{ role, content }];
  }
  const content = parts.map((part) => ("text" in part ? part.text : "")).join("");
  if (content === "") return [];
  switch (role) {
    case "system":
    case "developer":
    case "user":
    case "assistant":
      return [{ role, content }];
    default:
      throw fault(path, `there is no role \`${role}\``);
  }
}

type UserPart = Exclude<Extract<ChatMessage, { role: "user" }>["content"], string>[number];

function userPart(part: DotpromptPart, path: string): readonly UserPart[] {
  if ("text" in part) return [{ type: "text", text: part.text }];
  if (!("media" in part)) return [];
  const { url, contentType = "image/*" } = part.media;
  if (!contentType.startsWith("image/")) throw fault(path, `media of type \`${contentType}\` cannot be sent`);
  if (url === "") throw fault(path, "media without a URL");
  return [{ type: "image_url", image_url: { url } }];
}

function fault(path: string, message: string): MillraceError {
  return new MillraceError("template-error", { message: `${path}: ${message}`, param: path });
}

import { type JsonObject, type JsonValue, MillraceError } from "@millrace/core/contract";
import type { ModelCall } from "../../exchange/model-call.ts";
import { asFields } from "../../json/vendor-json.ts";
import type { Edits } from "./edit-members.ts";
import type { FieldRules } from "./openai-dialect.ts";

function unsupported(param: string, title: string): MillraceError {
  return new MillraceError("unsupported-parameter", { param, message: `${title} cannot honour \`${param}\`.` });
}

function asksForNothing(value: JsonValue, neutral: readonly JsonValue[]): boolean {
  if (value === null) return true;
  const text = JSON.stringify(value);
  return neutral.some((nothing) => JSON.stringify(nothing) === text);
}

/** One message under the rules, the same object where they change nothing. */
function applyToMessage(message: JsonValue, index: number, context: { rules: FieldRules; title: string }): JsonValue {
  const fields = asFields(message);
  if (fields === undefined) return message;
  const { rules, title } = context;
  const { content } = fields;
  if (rules.refusedParts !== undefined && Array.isArray(content)) {
    const part = content.findIndex((value) => rules.refusedParts?.has(String(asFields(value)?.["type"])));
    if (part >= 0) throw unsupported(`messages[${index}].content[${part}]`, title);
  }
  const changed: Record<string, JsonValue> = {};
  const gone: string[] = [];
  if (rules.developerAsSystem === true && fields["role"] === "developer") changed["role"] = "system";
  for (const [name, neutral] of Object.entries(rules.refusedInMessages ?? {})) {
    if (!Object.hasOwn(fields, name)) continue;
    if (!asksForNothing(fields[name] as JsonValue, neutral)) throw unsupported(`messages[${index}].${name}`, title);
    gone.push(name);
  }
  if (gone.length === 0 && Object.keys(changed).length === 0) return message;
  const kept = Object.entries(fields).filter(([name]) => !gone.includes(name));
  return { ...(Object.fromEntries(kept) as JsonObject), ...changed };
}

function applyToMessages(fields: Readonly<JsonObject>, context: { rules: FieldRules; title: string }): Edits {
  const { messages } = fields;
  const { rules } = context;
  if (!Array.isArray(messages)) return {};
  const { developerAsSystem, refusedInMessages, refusedParts } = rules;
  if (developerAsSystem !== true && refusedInMessages === undefined && refusedParts === undefined) return {};
  const edited = messages.map((message, index) => applyToMessage(message, index, context));
  return edited.every((message, index) => message === messages[index]) ? {} : { messages: edited };
}

/** What is refused, and what asks for nothing and is taken out. */
function refusals(fields: Readonly<JsonObject>, { refused = {} }: FieldRules, title: string): Edits {
  const edits: Record<string, JsonValue | undefined> = {};
  for (const [param, rule] of Object.entries(refused)) {
    const value = fields[param];
    if (value === undefined) continue;
    if (typeof rule !== "function") {
      if (!asksForNothing(value, rule)) throw unsupported(param, title);
      edits[param] = undefined;
    } else if (value !== null && rule(value)) throw unsupported(param, title);
  }
  return edits;
}

function renamings(fields: Readonly<JsonObject>, { renamed = {} }: FieldRules, title: string): Edits {
  const edits: Record<string, JsonValue | undefined> = {};
  for (const [from, to] of Object.entries(renamed)) {
    const value = fields[from];
    if (value === undefined) continue;
    edits[from] = undefined;
    if (value === null) continue;
    // Two values under what is one name to the vendor: choosing between them would drop the other in silence.
    const other = fields[to] ?? value;
    if (other !== value) throw unsupported(from, title);
    edits[to] = value;
  }
  return edits;
}

/**
 * What must change in a request before this kind of provider understands it; empty when nothing must.
 * @throws MillraceError `unsupported-parameter` for what the kind cannot honour.
 */
export function applyRules(call: ModelCall, rules: FieldRules, title: string): Edits {
  const implied = Object.fromEntries((rules.implied ?? []).map((name) => [name, undefined]));
  const fields = { ...refusals(call.fields, rules, title), ...renamings(call.fields, rules, title), ...implied };
  const messages = applyToMessages(call.fields, { rules, title });
  const edited = { ...call.fields, ...messages } as JsonObject;
  return { ...fields, ...messages, ...rules.edit?.({ ...call, fields: edited }) };
}

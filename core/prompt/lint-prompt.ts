import { isMillraceError, MillraceError } from "../contract/millrace-error.ts";
import type { JsonObject, JsonValue } from "../contract/json-value.ts";
import { MAX_PROMPT_BYTES } from "../contract/limits.ts";
import { type PromptContent, promptContentSchema } from "../contract/prompt.ts";
import { canonicalJson } from "../content/canonical-json.ts";
import type { PromptIncludes } from "./closure-hash.ts";
import { findSchemaFault } from "./find-schema-fault.ts";
import { type CompiledPrompt, compilePrompt, type PlacedTemplate } from "./render/compile-prompt.ts";
import { positionAt } from "./template/template-error.ts";

/** Names of properties, at any depth of a schema. */
type Names = ReadonlySet<string>;

/**
 * Reads content that came from outside.
 * @throws MillraceError `invalid-prompt`, `param` = the path of the first fault, such as `few_shot[0].messages[1].role`.
 */
export function parsePromptContent(value: unknown): PromptContent {
  const parsed = promptContentSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = (issue?.path ?? []).reduce<string>(
    (joined, part) =>
      typeof part === "number" ? `${joined}[${part}]` : joined === "" ? String(part) : `${joined}.${String(part)}`,
    "",
  );
  throw invalid(path, issue?.message ?? "the content does not fit the schema");
}

/**
 * Everything that must hold before a version is published, in one list; empty when it may be. The first entry is the one to
 * throw. Templates parse, variables that they read are declared, schemas are schemas, examples read as conversations, each slot
 * stands at most once, includes are known and used, and the size is within MAX_PROMPT_BYTES.
 */
export function lintPrompt(content: PromptContent, includes: PromptIncludes = {}): readonly MillraceError[] {
  const faults = [...lintSize(content), ...lintOutput(content), ...lintFewShot(content), ...lintSlots(content)];
  try {
    const compiled = compilePrompt(content, includes);
    return [...faults, ...lintVariables(compiled), ...lintIncludes(compiled), ...lintHistory(compiled)];
  } catch (error) {
    if (isMillraceError(error)) return [...faults, error];
    throw error;
  }
}

/** @throws MillraceError the first fault that lintPrompt finds. */
export function assertPublishable(content: PromptContent, includes: PromptIncludes = {}): void {
  const [fault] = lintPrompt(content, includes);
  if (fault !== undefined) throw fault;
}

function lintSize(content: PromptContent): readonly MillraceError[] {
  const bytes = new TextEncoder().encode(canonicalJson(content)).length;
  if (bytes <= MAX_PROMPT_BYTES) return [];
  return [invalid("", `the prompt has ${bytes} bytes, more than ${MAX_PROMPT_BYTES}`)];
}

function lintOutput(content: PromptContent): readonly MillraceError[] {
  if (content.output === undefined) return [];
  const fault = findSchemaFault(content.output.schema);
  return fault === undefined ? [] : [invalid("output.schema", `it is not a JSON Schema: ${fault}`)];
}

/** An example is a conversation: the user begins, the turns alternate, the assistant has the last word. */
function lintFewShot(content: PromptContent): readonly MillraceError[] {
  const names = new Set<string>();
  return content.few_shot.flatMap(({ name, messages }, index) => {
    const faults: MillraceError[] = [];
    if (name !== undefined && names.has(name)) faults.push(invalid(`few_shot[${index}].name`, `\`${name}\` is taken`));
    if (name !== undefined) names.add(name);
    const wrong = messages.findIndex(({ role }, turn) => role !== (turn % 2 === 0 ? "user" : "assistant"));
    if (wrong >= 0) {
      const path = `few_shot[${index}].messages[${wrong}].role`;
      faults.push(
        invalid(path, `expected \`${wrong % 2 === 0 ? "user" : "assistant"}\`: turns alternate, the user begins`),
      );
    } else if (messages.length % 2 === 1) {
      faults.push(invalid(`few_shot[${index}].messages`, "the example ends without an answer of the assistant"));
    }
    return faults;
  });
}

function lintSlots(content: PromptContent): readonly MillraceError[] {
  const seen = new Set<string>();
  return content.messages.flatMap((message, index) => {
    if (!("slot" in message)) return [];
    if (seen.has(message.slot))
      return [invalid(`messages[${index}].slot`, `the slot \`${message.slot}\` stands twice`)];
    seen.add(message.slot);
    return [];
  });
}

function lintHistory(compiled: CompiledPrompt): readonly MillraceError[] {
  const slot = compiled.content.messages.some((message) => "slot" in message && message.slot === "history");
  const helpers = placedTemplates(compiled).filter(({ template }) => /\{\{~?\s*history\s*~?\}\}/.test(template.source));
  const [, second = slot ? helpers[0] : undefined] = helpers;
  const isHelper = compiled.content.engine === "dotprompt";
  return isHelper && second !== undefined ? [invalid(second.path, "the history is inserted twice")] : [];
}

function lintVariables(compiled: CompiledPrompt): readonly MillraceError[] {
  const schema = compiled.content.variables;
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const additional = schema["additionalProperties"];
  if (additional === true || isObject(additional) || isObject(schema["patternProperties"])) return [];
  const inner = innerNames(schema);
  return placedTemplates(compiled).flatMap(({ template, path }) =>
    template.variables.flatMap(({ name, scoped, at }) => {
      if (Object.hasOwn(properties, name) || (scoped && (inner === "open" || inner.has(name)))) return [];
      const { line, column } = positionAt(template.source, at);
      return [invalid(path, `the variable \`${name}\` is not declared (line ${line}, column ${column})`)];
    }),
  );
}

function lintIncludes(compiled: CompiledPrompt): readonly MillraceError[] {
  const declared = compiled.content.includes;
  const used = new Set<string>();
  const faults = placedTemplates(compiled).flatMap(({ template, path }) =>
    template.partials.flatMap(({ alias, at }) => {
      used.add(alias);
      if (Object.hasOwn(declared, alias)) return [];
      const { line, column } = positionAt(template.source, at);
      return [invalid(path, `there is no include \`${alias}\` (line ${line}, column ${column})`)];
    }),
  );
  const dynamic = placedTemplates(compiled).some(({ template }) => /\{\{>\s*\*/.test(template.source));
  const unused = Object.keys(declared).filter((alias) => !used.has(alias) && !dynamic);
  return [...faults, ...unused.map((alias) => invalid(`includes.${alias}`, `the include \`${alias}\` is not used`))];
}

function placedTemplates(compiled: CompiledPrompt): readonly PlacedTemplate[] {
  return [
    ...(compiled.system === undefined ? [] : [compiled.system]),
    ...compiled.fewShot.map(({ text }) => text),
    ...compiled.constraints,
    ...compiled.messages.flatMap((message) => (message.kind === "template" ? [message.text] : [])),
  ];
}

/** The names that data inside blocks may bring along, or `open` when the schema does not say. */
function innerNames(schema: JsonValue | undefined): Names | "open" {
  if (!isObject(schema)) return "open";
  const names = new Set<string>();
  const properties = isObject(schema["properties"]) ? schema["properties"] : undefined;
  const parts = [...Object.values(properties ?? {}), ...(schema["items"] === undefined ? [] : [schema["items"]])];
  const closed = properties !== undefined || schema["items"] !== undefined || isScalar(schema["type"]);
  if (!closed) return "open";
  for (const name of Object.keys(properties ?? {})) names.add(name);
  for (const part of parts) {
    const inner = innerNames(part);
    if (inner === "open") return "open";
    for (const name of inner) names.add(name);
  }
  return names;
}

function isScalar(type: JsonValue | undefined): boolean {
  const types = Array.isArray(type) ? type : [type];
  return types.every((name) => typeof name === "string" && name !== "object" && name !== "array");
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(param: string, message: string): MillraceError {
  const at = param === "" ? "" : `${param}: `;
  return new MillraceError("invalid-prompt", { message: `${at}${message}`, ...(param === "" ? {} : { param }) });
}

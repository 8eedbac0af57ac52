import type { FunctionTool, JsonObject } from "@millrace/core/contract";
import { GrammarRules, literal } from "./grammar-rules.ts";
import { SchemaGrammar } from "./schema-grammar.ts";

/** How a call is written: fixed text, so that it can be read while it streams. */
export const CALL_OPEN = '{"name": "';
export const CALL_ARGUMENTS = '", "arguments": ';
export const CALL_CLOSE = "}";
export const CALLS_OPEN = "[";
export const CALLS_CLOSE = "]";
export const CALLS_BETWEEN = ", ";

/** More calls in one answer than a person would review; a bound keeps a weak model from calling for ever. */
const MAX_PARALLEL_CALLS = 8;
const NO_ARGUMENTS: JsonObject = { type: "object", properties: {}, additionalProperties: false };

export interface ToolGrammarOptions {
  readonly tools: readonly FunctionTool[];
  /** Whether the model may answer with text instead. */
  readonly textAllowed: boolean;
  /** Whether several calls may be made, as an array. */
  readonly parallel: boolean;
}

/** GBNF for calls of the given tools. Text that begins with `{` or `[` is not admitted beside calls: it would look like one. */
export function toolGrammar(options: ToolGrammarOptions): string {
  const rules = new GrammarRules();
  const calls = options.tools.map((tool, index) => {
    const schema = tool.function.parameters ?? NO_ARGUMENTS;
    const root =
      schema["type"] === undefined && schema["properties"] === undefined ? { ...schema, type: "object" } : schema;
    const argumentsRule = new SchemaGrammar(rules, root, `tools[${index}].function.parameters`).build();
    return rules.add(
      `${literal(CALL_OPEN + tool.function.name + CALL_ARGUMENTS)} ${argumentsRule} ${literal(CALL_CLOSE)}`,
    );
  });
  const call = rules.add(calls.join(" | "));
  const choices = [call];
  if (options.parallel) {
    const more = `( ${literal(CALLS_BETWEEN)} ${call} ){0,${MAX_PARALLEL_CALLS - 1}}`;
    choices.push(rules.add(`${literal(CALLS_OPEN)} ${call} ${more} ${literal(CALLS_CLOSE)}`));
  }
  if (options.textAllowed) choices.push(rules.add("[^{\\[] [^\\x00]*"));
  return rules.render(choices.join(" | "));
}

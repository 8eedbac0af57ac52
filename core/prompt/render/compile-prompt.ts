import { isMillraceError, MillraceError } from "../../contract/millrace-error.ts";
import type { MessageTemplate, PromptContent } from "../../contract/prompt.ts";
import { closureHash, type PromptClosure, type PromptIncludes } from "../closure-hash.ts";
import { compileTemplate } from "../template/compile-template.ts";
import type { CompiledTemplate, Partial, PartialLookup } from "../template/compiled-template.ts";
import { templateErrorAt } from "../template/template-error.ts";
import { type CompiledVariables, compileVariables } from "./compile-variables.ts";
import { orderSchemas } from "./order-schemas.ts";

/** A template and where it stands in the content, for errors: `messages[0].content`. */
export interface PlacedTemplate {
  readonly template: CompiledTemplate;
  readonly path: string;
}

export type CompiledMessage =
  | { readonly kind: "template"; readonly role: TemplateRole; readonly text: PlacedTemplate }
  | { readonly kind: "slot"; readonly slot: "input" | "history" | "profile"; readonly maxTokens: number | undefined };
export type TemplateRole = Extract<MessageTemplate, { role: string }>["role"];

/** A version, ready to render any number of requests. Immutable; keep it as long as its `hash` is served. */
export interface CompiledPrompt {
  /** With its schemas in order (see orderSchemas). */
  readonly content: PromptContent;
  /** The content address of the version. */
  readonly hash: string;
  readonly system: PlacedTemplate | undefined;
  readonly fewShot: readonly { readonly role: "user" | "assistant"; readonly text: PlacedTemplate }[];
  readonly constraints: readonly PlacedTemplate[];
  readonly messages: readonly CompiledMessage[];
  readonly variables: CompiledVariables;
  readonly partials: PartialLookup;
}

/**
 * Parses every template of a version and of what it includes.
 * @throws MillraceError `template-error` (line and column in the message, the field in `param`) or `invalid-prompt`.
 */
export function compilePrompt(content: PromptContent, includes: PromptIncludes = {}): CompiledPrompt {
  const place = (source: string, path: string): PlacedTemplate => ({
    template: compileAt(content, source, path),
    path,
  });
  const inlineOnly = (source: string, path: string) => refuseMarkers(place(source, path));
  const hashes = Object.fromEntries(Object.entries(includes).map(([alias, { hash }]) => [alias, hash]));
  return {
    content: orderSchemas(content),
    hash: closureHash(content, hashes),
    system: content.system === undefined ? undefined : inlineOnly(content.system, "system"),
    fewShot: content.few_shot.flatMap((example, index) =>
      example.messages.map((turn, turnIndex) => ({
        role: turn.role,
        text: inlineOnly(turn.content, `few_shot[${index}].messages[${turnIndex}].content`),
      })),
    ),
    constraints: content.constraints.map((text, index) => inlineOnly(text, `constraints[${index}]`)),
    messages: content.messages.map((message, index) =>
      "slot" in message
        ? { kind: "slot", slot: message.slot, maxTokens: message.max_tokens }
        : { kind: "template", role: message.role, text: place(message.content, `messages[${index}].content`) },
    ),
    variables: compileVariables(content.variables),
    partials: compileIncludes(includes, new Map()),
  };
}

/** An alias inserts the `system` of the version it names, in that version's own engine and with that version's own includes. */
function compileIncludes(includes: PromptIncludes, compiled: Map<string, Partial>): PartialLookup {
  const partials = new Map<string, Partial>();
  for (const [alias, closure] of Object.entries(includes))
    partials.set(alias, compileInclude(alias, closure, compiled));
  return (alias) => partials.get(alias);
}

function compileInclude(alias: string, closure: PromptClosure, compiled: Map<string, Partial>): Partial {
  const known = compiled.get(closure.hash);
  if (known !== undefined) return known;
  const path = `includes.${alias}`;
  const { template } = refuseMarkers({
    template: compileAt(closure.content, closure.content.system ?? "", path),
    path,
  });
  const partial = { template, partials: compileIncludes(closure.includes, compiled) };
  compiled.set(closure.hash, partial);
  return partial;
}

function compileAt(content: PromptContent, source: string, path: string): CompiledTemplate {
  return atField(path, () => compileTemplate(content.engine, source));
}

/** Adds the field to a template's error. */
export function atField<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!isMillraceError(error) || error.code !== "template-error" || error.param !== undefined) throw error;
    throw new MillraceError("template-error", { message: `${path}: ${error.message}`, param: path, cause: error });
  }
}

/** Helpers that open messages make sense where messages are: elsewhere they would cut a text that is one message by definition. */
function refuseMarkers(placed: PlacedTemplate): PlacedTemplate {
  const { template, path } = placed;
  const [at] = template.markers;
  if (at === undefined) return placed;
  return atField(path, () => {
    throw templateErrorAt("helpers such as `role` and `media` belong in `messages`", template.source, at);
  });
}

import { MAX_TEMPLATE_NESTING } from "../limits.ts";
import { templateErrorAt } from "../template-error.ts";
import { MustacheScanner, type MustacheTag } from "./scan-mustache.ts";

interface Placed {
  /** Offset of the tag in the source. */
  readonly at: number;
}

/** `a.b.c` as its parts; no parts is the implicit iterator `.`. */
export type MustachePath = readonly string[];

export type MustacheNode =
  | { readonly kind: "text"; readonly value: string }
  | (Placed & { readonly kind: "variable"; readonly path: MustachePath; readonly raw: boolean })
  | (Placed & {
      readonly kind: "section";
      readonly path: MustachePath;
      readonly inverted: boolean;
      readonly body: readonly MustacheNode[];
    })
  | (Placed & {
      readonly kind: "partial";
      readonly name: string;
      /** The name is read from this variable (optional module `dynamic-names`). */
      readonly dynamic: MustachePath | undefined;
      /** White space before a tag that stands alone on its line; undefined when it does not. */
      readonly indent: string | undefined;
    });

interface OpenSection {
  readonly name: string;
  readonly at: number;
  readonly path: MustachePath;
  readonly inverted: boolean;
  readonly body: MustacheNode[];
}

/**
 * Parses a mustache template (github.com/mustache/spec 1.4: all required modules, and dynamic names).
 * Inheritance and lambdas are refused: a prompt composes by include, and data never holds code.
 * @throws MillraceError `template-error` with the place of the fault.
 */
export function parseMustache(source: string): readonly MustacheNode[] {
  const root: MustacheNode[] = [];
  const open: OpenSection[] = [];
  let nodes = root;
  const scanner = new MustacheScanner(source);
  for (let token = scanner.next(); token !== undefined; token = scanner.next()) {
    if (token.kind === "text") {
      nodes.push({ kind: "text", value: token.value });
    } else if (token.sigil === "#" || token.sigil === "^") {
      if (open.length >= MAX_TEMPLATE_NESTING) {
        throw templateErrorAt(`sections are nested more than ${MAX_TEMPLATE_NESTING} deep`, source, token.at);
      }
      const section = { ...placedPath(source, token), name: token.name, inverted: token.sigil === "^", body: [] };
      open.push(section);
      nodes = section.body;
    } else if (token.sigil === "/") {
      const section = closeSection(source, { token, open });
      nodes = open.at(-1)?.body ?? root;
      nodes.push(section);
    } else {
      const node = leaf(source, token);
      if (node !== undefined) nodes.push(node);
    }
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined) {
    throw templateErrorAt(`the section \`${unclosed.name}\` is not closed`, source, unclosed.at);
  }
  return root;
}

function closeSection(source: string, state: { token: MustacheTag; open: OpenSection[] }): MustacheNode {
  const { token, open } = state;
  const section = open.pop();
  if (section === undefined) {
    throw templateErrorAt(`\`${token.name}\` is closed but was not opened`, source, token.at);
  }
  if (section.name !== token.name) {
    throw templateErrorAt(`expected the end of \`${section.name}\`, found that of \`${token.name}\``, source, token.at);
  }
  const { path, inverted, body, at } = section;
  return { kind: "section", path, inverted, body, at };
}

function leaf(source: string, token: MustacheTag): MustacheNode | undefined {
  switch (token.sigil) {
    case "":
    case "{":
    case "&":
      return { kind: "variable", ...placedPath(source, token), raw: token.sigil !== "" };
    case ">":
      return partial(source, token);
    case "!":
    case "=":
      return undefined;
    case "<":
    case "$":
      throw templateErrorAt("template inheritance is not supported; use an include", source, token.at);
    case "#":
    case "^":
    case "/":
      throw new TypeError("sections are handled by the caller");
  }
}

function partial(source: string, token: MustacheTag): MustacheNode {
  const { at, indent } = token;
  if (!token.name.startsWith("*")) {
    if (token.name === "") throw templateErrorAt("the tag has no name", source, at);
    return { kind: "partial", name: token.name, dynamic: undefined, indent, at };
  }
  const name = token.name.slice(1).trim();
  return { kind: "partial", name, dynamic: parsePath(source, name, at), indent, at };
}

function placedPath(source: string, token: MustacheTag): { path: MustachePath; at: number } {
  return { path: parsePath(source, token.name, token.at), at: token.at };
}

function parsePath(source: string, name: string, at: number): MustachePath {
  if (name === "") throw templateErrorAt("the tag has no name", source, at);
  if (name === ".") return [];
  const parts = name.split(".");
  if (parts.some((part) => part === "")) throw templateErrorAt(`\`${name}\` is not a name`, source, at);
  return parts;
}

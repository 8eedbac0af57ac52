import type { AST } from "@handlebars/parser";
import type { PartialReference, VariableReference } from "../compiled-template.ts";
import { templateError } from "../template-error.ts";
import {
  type BlockHelper,
  blockHelpers,
  type CallExpr,
  type DotpromptExpr,
  type DotpromptNode,
} from "./dotprompt-node.ts";
import { parseHandlebars } from "./parse-handlebars.ts";

/** The roles a template may open; `model` is dotprompt's word for `assistant`. */
const roles = new Set(["system", "developer", "user", "model", "assistant"]);
const equalityHelpers = new Set<string>(["ifEquals", "unlessEquals"]);
const scopeHelpers = new Set<string>(["each", "with", "plain"]);

export interface LoweredTemplate {
  readonly nodes: readonly DotpromptNode[];
  readonly variables: readonly VariableReference[];
  readonly partials: readonly PartialReference[];
  readonly markers: readonly number[];
}

interface Names {
  readonly scoped: boolean;
  readonly bound: ReadonlySet<string>;
}

/**
 * Turns a Handlebars tree into dotprompt's subset: the built-in blocks and dotprompt's own helpers, nothing else.
 * @throws MillraceError `template-error` for what the subset does not hold.
 */
export function lowerHandlebars(source: string): LoweredTemplate {
  const lowering = new Lowering(source);
  const nodes = lowering.program(parseHandlebars(source), { scoped: false, bound: new Set() });
  const { variables, partials, markers } = lowering;
  return { nodes, variables, partials, markers };
}

class Lowering {
  readonly variables: VariableReference[] = [];
  readonly partials: PartialReference[] = [];
  readonly markers: number[] = [];
  readonly #lineStarts: readonly number[];

  constructor(source: string) {
    const starts = [0];
    for (let at = source.indexOf("\n"); at >= 0; at = source.indexOf("\n", at + 1)) starts.push(at + 1);
    this.#lineStarts = starts;
  }

  program(program: AST.Program | undefined, names: Names): DotpromptNode[] {
    return (program?.body ?? []).flatMap((statement) => this.#statement(statement, names));
  }

  #statement(statement: AST.Statement, names: Names): DotpromptNode[] {
    switch (statement.type) {
      case "ContentStatement": {
        const { value } = statement as AST.ContentStatement;
        return value === "" ? [] : [{ kind: "text", value }];
      }
      case "CommentStatement":
        return [];
      case "MustacheStatement":
        return [this.#mustache(statement as AST.MustacheStatement, names)];
      case "BlockStatement":
        return [this.#block(statement as AST.BlockStatement, names)];
      case "PartialStatement":
        return [this.#partial(statement as AST.PartialStatement, names)];
      default:
        throw fault("decorators and partial blocks are not supported", statement);
    }
  }

  #mustache(statement: AST.MustacheStatement, names: Names): DotpromptNode {
    const name = helperName(statement.path);
    const hash = this.#hash(statement.hash, names);
    const called = statement.params.length > 0 || Object.keys(hash).length > 0;
    if (name === "history" && !called) return this.#marker(statement, { kind: "marker", marker: { type: "history" } });
    if (!called) return { kind: "interp", expr: this.#expr(statement.path, names) };
    const params = statement.params.map((param) => this.#expr(param, names));
    switch (name) {
      case "role":
      case "section":
        return this.#marker(statement, namedMarker(name, params, statement));
      case "media":
        if (hash["url"] === undefined) throw fault("`media` needs `url=`", statement);
        return this.#marker(statement, { kind: "media", url: hash["url"], contentType: hash["contentType"] });
      case "json":
      case "lookup":
        return { kind: "interp", expr: call({ helper: name, params, hash }, statement) };
      case undefined:
      default:
        throw fault(`there is no helper \`${name ?? "?"}\``, statement);
    }
  }

  #marker(statement: AST.Node, node: DotpromptNode): DotpromptNode {
    this.markers.push(this.#offset(statement));
    return node;
  }

  #block(statement: AST.BlockStatement, names: Names): DotpromptNode {
    const name = helperName(statement.path);
    const known = blockHelpers.find((candidate) => candidate === name);
    if (known === undefined && (statement.params.length > 0 || statement.hash !== undefined)) {
      throw fault(`there is no block helper \`${name ?? "?"}\``, statement);
    }
    const helper: BlockHelper | "plain" = known ?? "plain";
    const params = (known === undefined ? [statement.path] : statement.params).map((param) => this.#expr(param, names));
    const expected = equalityHelpers.has(helper) ? 2 : 1;
    if (params.length !== expected) throw fault(`\`${helper}\` takes ${expected} value(s)`, statement);
    const blockParams = statement.program?.blockParams ?? [];
    const inner = scopeHelpers.has(helper) ? { scoped: true, bound: new Set([...names.bound, ...blockParams]) } : names;
    const body = this.program(statement.program, inner);
    return { kind: "block", helper, params, blockParams, body, inverse: this.program(statement.inverse, names) };
  }

  #partial(statement: AST.PartialStatement, names: Names): DotpromptNode {
    const alias =
      statement.name.type === "PathExpression" ? (statement.name as AST.PathExpression).original : undefined;
    if (alias === undefined) throw fault("the name of an include is written by the author, not computed", statement);
    if (statement.params.length > 1) throw fault("an include takes one context", statement);
    this.partials.push({ alias, at: this.#offset(statement) });
    const [context] = statement.params.map((param) => this.#expr(param, names));
    const position = { line: statement.loc.start.line, column: statement.loc.start.column + 1 };
    const indent = statement.indent === "" ? undefined : statement.indent;
    return { kind: "partial", alias, context, hash: this.#hash(statement.hash, names), indent, position };
  }

  #hash(hash: AST.Hash | undefined, names: Names): Record<string, DotpromptExpr> {
    return Object.fromEntries((hash?.pairs ?? []).map(({ key, value }) => [key, this.#expr(value, names)]));
  }

  #expr(node: AST.Expression, names: Names): DotpromptExpr {
    switch (node.type) {
      case "PathExpression":
        return this.#path(node as AST.PathExpression, names);
      case "SubExpression": {
        const { path, params, hash } = node as AST.SubExpression;
        const name = helperName(path);
        if (name !== "lookup" && name !== "json") throw fault(`there is no function \`${name ?? "?"}\``, node);
        const args = params.map((param) => this.#expr(param, names));
        return call({ helper: name, params: args, hash: this.#hash(hash, names) }, node);
      }
      case "StringLiteral":
        return { kind: "literal", value: (node as AST.StringLiteral).value };
      case "NumberLiteral":
        return { kind: "literal", value: (node as AST.NumberLiteral).value };
      case "BooleanLiteral":
        return { kind: "literal", value: (node as AST.BooleanLiteral).value };
      case "NullLiteral":
        return { kind: "literal", value: null };
      case "UndefinedLiteral":
        return { kind: "literal", value: undefined };
      default:
        throw fault("this expression is not supported", node);
    }
  }

  #path(node: AST.PathExpression, names: Names): DotpromptExpr {
    const parts = node.parts.map((part) => {
      if (typeof part !== "string") throw fault("this path is not supported", node);
      return part;
    });
    const [first] = parts;
    if (!node.data && first !== undefined && !names.bound.has(first)) {
      this.variables.push({ name: first, scoped: names.scoped, at: this.#offset(node) });
    }
    return { kind: "path", depth: node.depth, data: node.data, parts };
  }

  #offset(node: AST.Node): number {
    return (this.#lineStarts[node.loc.start.line - 1] ?? 0) + node.loc.start.column;
  }
}

function helperName(path: AST.Expression): string | undefined {
  if (path.type !== "PathExpression") return undefined;
  const { data, depth, parts } = path as AST.PathExpression;
  const [name, ...rest] = parts;
  return !data && depth === 0 && rest.length === 0 && typeof name === "string" ? name : undefined;
}

/** A role taken from a value would let the value open a message; only the author's literal counts. */
function namedMarker(type: "role" | "section", params: readonly DotpromptExpr[], at: AST.Node): DotpromptNode {
  const [param] = params;
  if (params.length !== 1 || param?.kind !== "literal" || typeof param.value !== "string") {
    throw fault(`\`${type}\` takes one quoted name`, at);
  }
  if (type === "section") return { kind: "marker", marker: { type, name: param.value } };
  if (!roles.has(param.value)) throw fault(`there is no role \`${param.value}\``, at);
  return { kind: "marker", marker: { type, role: param.value } };
}

function call(parts: Omit<CallExpr, "kind">, at: AST.Node): CallExpr {
  const expected = parts.helper === "lookup" ? 2 : 1;
  if (parts.params.length !== expected) throw fault(`\`${parts.helper}\` takes ${expected} value(s)`, at);
  return { kind: "call", ...parts };
}

function fault(message: string, node: AST.Node): Error {
  return templateError(message, { line: node.loc.start.line, column: node.loc.start.column + 1 });
}

import { MAX_TEMPLATE_NESTING } from "../limits.ts";
import { templateErrorAt } from "../template-error.ts";
import type { JinjaExpr, JinjaNode, JinjaTemplate } from "./jinja-ast.ts";
import { parseExpression } from "./parse-expression.ts";
import { type JinjaToken, scanJinja } from "./scan-jinja.ts";

const forStatement = /^\s*for\s+([A-Za-z_][A-Za-z0-9_]*)\s+in\b/;
const closingWords = new Set(["elif", "else", "endif", "endfor"]);
const statementWord = /^\s*([A-Za-z]*)/;
const includeTag = /^>\s*([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)\s*$/;

type Tag = Exclude<JinjaToken, { kind: "text" }>;

/**
 * Parses a template of Prompty's jinja subset (microsoft/prompty spec/jinja-subset.md), plus `{{> alias}}` for Millrace's includes.
 * @throws MillraceError `template-error` with the place of the fault.
 */
export function parseJinja(source: string): JinjaTemplate {
  const parser = new JinjaParser(source);
  return { nodes: parser.template(), places: parser.places };
}

class JinjaParser {
  readonly places = new Map<JinjaExpr, number>();
  readonly #source: string;
  readonly #tokens: readonly JinjaToken[];
  #index = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = scanJinja(source);
  }

  template(): readonly JinjaNode[] {
    const { nodes, end } = this.#nodes();
    if (end !== undefined) throw this.#fault(`\`${end.inner.trim()}\` has no beginning`, end);
    return nodes;
  }

  /** Reads nodes up to a statement that ends or divides a block. */
  #nodes(): { nodes: JinjaNode[]; end: Tag | undefined; word: string } {
    const nodes: JinjaNode[] = [];
    for (;;) {
      const token = this.#tokens[this.#index++];
      if (token === undefined) return { nodes, end: undefined, word: "" };
      if (token.kind === "text") {
        nodes.push({ kind: "text", value: token.value });
      } else if (token.kind === "expression") {
        nodes.push(this.#expression(token));
      } else {
        const word = statementWord.exec(token.inner)?.[1] ?? "";
        if (closingWords.has(word)) return { nodes, end: token, word };
        nodes.push(this.#statement(token, word));
      }
    }
  }

  #expression(token: Tag): JinjaNode {
    const alias = includeTag.exec(token.inner.trim())?.[1];
    if (alias !== undefined) return { kind: "include", alias, at: token.at };
    return { kind: "interp", expr: this.#parse(token, 0) };
  }

  #statement(token: Tag, word: string): JinjaNode {
    this.#depth++;
    if (this.#depth > MAX_TEMPLATE_NESTING) {
      throw this.#fault(`blocks are nested more than ${MAX_TEMPLATE_NESTING} deep`, token);
    }
    const node = word === "if" ? this.#if(token) : word === "for" ? this.#for(token) : undefined;
    this.#depth--;
    if (node === undefined) throw this.#fault(`the statement \`${token.inner.trim()}\` is not supported`, token);
    return node;
  }

  #if(token: Tag): JinjaNode {
    const branches: { test: JinjaExpr; body: JinjaNode[] }[] = [];
    let opener = token;
    let word = "if";
    for (;;) {
      const test = word === "else" ? undefined : this.#parse(opener, opener.inner.indexOf(word) + word.length);
      if (test === undefined) this.#expectBare(opener, "else");
      const body = this.#nodes();
      if (body.end === undefined) throw this.#fault("the block `if` is not closed", token);
      if (body.word === "endfor" || (test === undefined && body.word !== "endif")) {
        throw this.#fault(`expected \`endif\`, found \`${body.end.inner.trim()}\``, body.end);
      }
      if (test !== undefined) branches.push({ test, body: body.nodes });
      if (body.word === "endif") {
        this.#expectBare(body.end, "endif");
        return test === undefined ? { kind: "if", branches, elseBody: body.nodes } : { kind: "if", branches };
      }
      opener = body.end;
      word = body.word;
    }
  }

  #for(token: Tag): JinjaNode {
    const head = forStatement.exec(token.inner);
    const loopVar = head?.[1];
    if (head === null || loopVar === undefined) throw this.#fault("expected `for <name> in <list>`", token);
    const seq = this.#parse(token, head[0].length);
    const { nodes: body, end, word } = this.#nodes();
    if (end === undefined) throw this.#fault("the block `for` is not closed", token);
    if (word !== "endfor") throw this.#fault(`expected \`endfor\`, found \`${end.inner.trim()}\``, end);
    this.#expectBare(end, "endfor");
    return { kind: "for", loopVar, seq, body };
  }

  #parse(token: Tag, from: number): JinjaExpr {
    const place = { source: this.#source, at: token.innerAt + from, places: this.places };
    return parseExpression(token.inner.slice(from), place);
  }

  #expectBare(token: Tag, word: string): void {
    if (token.inner.trim() !== word) throw this.#fault(`\`${word}\` takes nothing`, token);
  }

  #fault(message: string, token: Tag): Error {
    return templateErrorAt(message, this.#source, token.at);
  }
}

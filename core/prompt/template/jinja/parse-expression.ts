import { MAX_TEMPLATE_NESTING } from "../limits.ts";
import { templateErrorAt } from "../template-error.ts";
import type { JinjaBinaryOperator, JinjaExpr, JinjaPathSegment } from "./jinja-ast.ts";
import { isJinjaFilter } from "./jinja-filters.ts";
import { type ExpressionToken, lexExpression } from "./lex-expression.ts";

const comparisons = new Set<string>(["==", "!=", "<", ">", "<=", ">="]);
const reserved = new Set(["and", "or", "not", "in"]);
/** Names that reach behind the data; the subset blocks them outright. */
const forbidden = new Set(["__proto__", "constructor", "prototype"]);

export interface ExpressionPlace {
  readonly source: string;
  /** Offset of the expression in the source. */
  readonly at: number;
  readonly places: Map<JinjaExpr, number>;
}

/**
 * Parses one expression of the subset. Precedence from low to high: or, and, not, comparison (one per expression), filter, primary.
 * @throws MillraceError `template-error` with the place of the fault.
 */
export function parseExpression(text: string, place: ExpressionPlace): JinjaExpr {
  const parser = new ExpressionParser(lexExpression(text, place), place);
  const expr = parser.or();
  parser.expectEnd();
  return expr;
}

class ExpressionParser {
  readonly #tokens: readonly ExpressionToken[];
  readonly #place: ExpressionPlace;
  #index = 0;
  #depth = 0;

  constructor(tokens: readonly ExpressionToken[], place: ExpressionPlace) {
    this.#tokens = tokens;
    this.#place = place;
  }

  or(): JinjaExpr {
    this.#enter();
    let left = this.#and();
    while (this.#takeName("or")) left = binary("or", left, this.#and());
    this.#depth--;
    return left;
  }

  expectEnd(): void {
    const token = this.#peek();
    if (token.kind !== "end") throw this.#unexpected(token);
  }

  #and(): JinjaExpr {
    let left = this.#not();
    while (this.#takeName("and")) left = binary("and", left, this.#not());
    return left;
  }

  #not(): JinjaExpr {
    if (!this.#takeName("not")) return this.#comparison();
    this.#enter();
    const operand = this.#not();
    this.#depth--;
    return { kind: "unary", operator: "not", operand };
  }

  #comparison(): JinjaExpr {
    const left = this.#filtered();
    const token = this.#peek();
    if (this.#takeName("in")) return binary("in", left, this.#filtered());
    if (token.kind !== "symbol" || !comparisons.has(token.text)) return left;
    this.#index++;
    return binary(token.text as JinjaBinaryOperator, left, this.#filtered());
  }

  #filtered(): JinjaExpr {
    let input = this.#primary();
    for (let length = 0; this.#takeSymbol("|"); length++) {
      const token = this.#name();
      if (!isJinjaFilter(token.text)) throw this.#fault(`there is no filter \`${token.text}\``, token);
      if (length >= MAX_TEMPLATE_NESTING) throw this.#fault("too many filters in a row", token);
      const args = this.#takeSymbol("(") ? this.#arguments() : [];
      input = this.#placed({ kind: "filter", name: token.text, input, args }, token);
    }
    return input;
  }

  #arguments(): JinjaExpr[] {
    const args: JinjaExpr[] = [];
    if (this.#takeSymbol(")")) return args;
    do args.push(this.or());
    while (this.#takeSymbol(","));
    this.#expectSymbol(")");
    return args;
  }

  #primary(): JinjaExpr {
    const token = this.#peek();
    this.#index++;
    if (token.kind === "string") return { kind: "lit", value: token.text };
    if (token.kind === "number") return { kind: "lit", value: Number(token.text) };
    if (token.kind === "name" && !reserved.has(token.text)) return keywordOf(token.text) ?? this.#accessor(token);
    if (token.kind === "symbol" && token.text === "(") {
      const inner = this.or();
      this.#expectSymbol(")");
      return inner;
    }
    throw this.#unexpected(token);
  }

  #accessor(root: ExpressionToken): JinjaExpr {
    const path: JinjaPathSegment[] = [];
    for (;;) {
      if (this.#takeSymbol(".")) {
        path.push({ kind: "attr", name: this.#name().text });
      } else if (this.#takeSymbol("[")) {
        path.push({ kind: "index", expr: this.or() });
        this.#expectSymbol("]");
      } else {
        return this.#placed({ kind: "var", root: this.#allowed(root).text, path }, root);
      }
    }
  }

  #name(): ExpressionToken {
    const token = this.#peek();
    if (token.kind !== "name") throw this.#unexpected(token);
    this.#index++;
    return this.#allowed(token);
  }

  #allowed(token: ExpressionToken): ExpressionToken {
    if (forbidden.has(token.text)) throw this.#fault(`\`${token.text}\` cannot be read`, token);
    return token;
  }

  #placed(expr: JinjaExpr, token: ExpressionToken): JinjaExpr {
    this.#place.places.set(expr, token.at);
    return expr;
  }

  #peek(): ExpressionToken {
    return this.#tokens[this.#index] ?? { kind: "end", text: "", at: this.#place.at };
  }

  #takeName(text: string): boolean {
    const token = this.#peek();
    const taken = token.kind === "name" && token.text === text;
    if (taken) this.#index++;
    return taken;
  }

  #takeSymbol(text: string): boolean {
    const token = this.#peek();
    const taken = token.kind === "symbol" && token.text === text;
    if (taken) this.#index++;
    return taken;
  }

  #expectSymbol(text: string): void {
    if (!this.#takeSymbol(text)) throw this.#fault(`expected \`${text}\``, this.#peek());
  }

  #enter(): void {
    this.#depth++;
    if (this.#depth > MAX_TEMPLATE_NESTING) throw this.#fault("the expression is nested too deeply", this.#peek());
  }

  #unexpected(token: ExpressionToken): Error {
    const what = token.kind === "end" ? "the expression ends too early" : `unexpected \`${token.text}\``;
    return this.#fault(what, token);
  }

  #fault(message: string, token: ExpressionToken): Error {
    return templateErrorAt(message, this.#place.source, token.at);
  }
}

function keywordOf(name: string): JinjaExpr | undefined {
  if (name === "true" || name === "false") return { kind: "lit", value: name === "true" };
  return name === "null" ? { kind: "lit", value: null } : undefined;
}

function binary(operator: JinjaBinaryOperator, left: JinjaExpr, right: JinjaExpr): JinjaExpr {
  return { kind: "binary", operator, left, right };
}

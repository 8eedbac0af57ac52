import { isMillraceError } from "../../../contract/millrace-error.ts";
import { templateErrorAt } from "../template-error.ts";
import { hasMember, isRecord, member, valueText } from "../template-value.ts";
import type { JinjaExpr, JinjaPathSegment, JinjaPlaces } from "./jinja-ast.ts";
import { applyJinjaFilter, isJinjaFilter } from "./jinja-filters.ts";

export interface Binding {
  readonly value: unknown;
  /** The variable that the value came from. */
  readonly origin: string | undefined;
}

export interface JinjaScope {
  lookup(name: string): Binding;
}

export interface EvaluationContext {
  readonly source: string;
  readonly places: JinjaPlaces;
  readonly spendChars: (chars: number) => void;
}

/**
 * The value of an expression (jinja-grammar.md, section 5). A miss is undefined and never an error; only own members are seen.
 * @throws MillraceError `template-error` for a misused filter or a bound.
 */
export function evaluateJinja(expr: JinjaExpr, scope: JinjaScope, context: EvaluationContext): unknown {
  const evaluate = (inner: JinjaExpr) => evaluateJinja(inner, scope, context);
  switch (expr.kind) {
    case "lit":
      return expr.value;
    case "var":
      return expr.path.reduce((value, segment) => step(value, segment, evaluate), scope.lookup(expr.root).value);
    case "unary":
      return !isTruthy(evaluate(expr.operand));
    case "filter":
      return filtered(expr, evaluate, context);
    case "binary":
      return binary(expr, evaluate, context);
  }
}

/** Empty text, empty collections, zero, false and nothing are falsy. */
export function isTruthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isRecord(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** The variable that an expression's value comes from: the first one read in it. */
export function originOf(expr: JinjaExpr, scope: JinjaScope): string | undefined {
  switch (expr.kind) {
    case "lit":
      return undefined;
    case "var":
      return scope.lookup(expr.root).origin;
    case "unary":
      return originOf(expr.operand, scope);
    case "filter":
      return originOf(expr.input, scope) ?? firstOrigin(expr.args, scope);
    case "binary":
      return firstOrigin([expr.left, expr.right], scope);
  }
}

function firstOrigin(exprs: readonly JinjaExpr[], scope: JinjaScope): string | undefined {
  for (const expr of exprs) {
    const origin = originOf(expr, scope);
    if (origin !== undefined) return origin;
  }
  return undefined;
}

type Evaluate = (expr: JinjaExpr) => unknown;

function step(value: unknown, segment: JinjaPathSegment, evaluate: Evaluate): unknown {
  if (segment.kind === "attr") return isRecord(value) ? member(value, segment.name) : undefined;
  const index = evaluate(segment.expr);
  if (isRecord(value)) return member(value, valueText(index));
  if (typeof index !== "number" || !Number.isInteger(index) || index < 0) return undefined;
  if (Array.isArray(value)) return value[index];
  return typeof value === "string" ? value[index] : undefined;
}

function filtered(expr: JinjaExpr & { kind: "filter" }, evaluate: Evaluate, context: EvaluationContext): unknown {
  const value = evaluate(expr.input);
  const args = expr.args.map(evaluate);
  const fault = (message: string) => templateErrorAt(message, context.source, context.places.get(expr) ?? 0);
  if (!isJinjaFilter(expr.name)) throw fault(`there is no filter \`${expr.name}\``);
  try {
    return applyJinjaFilter(expr.name, { value, args, spendChars: context.spendChars });
  } catch (error) {
    throw isMillraceError(error) ? fault(error.message) : error;
  }
}

function binary(expr: JinjaExpr & { kind: "binary" }, evaluate: Evaluate, context: EvaluationContext): unknown {
  const left = evaluate(expr.left);
  if (expr.operator === "and") return isTruthy(left) ? evaluate(expr.right) : left;
  if (expr.operator === "or") return isTruthy(left) ? left : evaluate(expr.right);
  const right = evaluate(expr.right);
  switch (expr.operator) {
    case "==":
      return isSame(left, right);
    case "!=":
      return !isSame(left, right);
    case "in":
      return isIn(left, right, context);
    case "<":
      return inOrder(left, right, (a, b) => a < b);
    case ">":
      return inOrder(left, right, (a, b) => a > b);
    case "<=":
      return inOrder(left, right, (a, b) => a <= b);
    case ">=":
      return inOrder(left, right, (a, b) => a >= b);
  }
}

function isSame(left: unknown, right: unknown): boolean {
  return (left ?? null) === (right ?? null);
}

function isIn(left: unknown, right: unknown, context: EvaluationContext): boolean {
  if (Array.isArray(right)) {
    context.spendChars(right.length);
    return right.some((item) => isSame(item, left));
  }
  if (typeof left !== "string") return false;
  if (typeof right === "string") {
    context.spendChars(right.length);
    return right.includes(left);
  }
  return hasMember(right, left);
}

/** Numbers with numbers, texts with texts; any other pair is in no order. */
function inOrder(left: unknown, right: unknown, holds: (a: number | string, b: number | string) => boolean): boolean {
  const comparable =
    (typeof left === "number" && typeof right === "number") || (typeof left === "string" && typeof right === "string");
  return comparable && holds(left, right);
}

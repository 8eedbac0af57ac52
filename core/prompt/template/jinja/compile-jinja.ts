import { MAX_INCLUDE_DEPTH } from "../../../contract/limits.ts";
import type {
  CompiledTemplate,
  Frame,
  PartialReference,
  RenderScope,
  VariableReference,
} from "../compiled-template.ts";
import type { SegmentSink } from "../segment-sink.ts";
import { templateErrorAt } from "../template-error.ts";
import { hasMember, isRecord, member, valueText } from "../template-value.ts";
import { type EvaluationContext, evaluateJinja, isTruthy, type JinjaScope, originOf } from "./evaluate-jinja.ts";
import type { JinjaExpr, JinjaNode, JinjaTemplate } from "./jinja-ast.ts";
import { parseJinja } from "./parse-jinja.ts";

/**
 * Compiles a template of Prompty's jinja subset.
 * @throws MillraceError `template-error` with the place of the fault.
 */
export function compileJinja(source: string): CompiledTemplate {
  const template = parseJinja(source);
  const variables: VariableReference[] = [];
  const partials: PartialReference[] = [];
  collectNodes(template.nodes, { template, variables, partials, bound: new Set() });
  return {
    engine: "jinja",
    source,
    variables,
    partials,
    markers: [],
    renderInto: (sink, scope) => new JinjaRender({ source, template, sink }).nodes(template.nodes, scope),
  };
}

interface Collected {
  readonly template: JinjaTemplate;
  readonly variables: VariableReference[];
  readonly partials: PartialReference[];
  readonly bound: ReadonlySet<string>;
}

function collectNodes(nodes: readonly JinjaNode[], into: Collected): void {
  for (const node of nodes) {
    switch (node.kind) {
      case "text":
        break;
      case "interp":
        collectExpr(node.expr, into);
        break;
      case "include":
        into.partials.push({ alias: node.alias, at: node.at });
        break;
      case "for":
        collectExpr(node.seq, into);
        collectNodes(node.body, { ...into, bound: new Set([...into.bound, node.loopVar, "loop"]) });
        break;
      case "if":
        for (const branch of node.branches) {
          collectExpr(branch.test, into);
          collectNodes(branch.body, into);
        }
        collectNodes(node.elseBody ?? [], into);
        break;
    }
  }
}

function collectExpr(expr: JinjaExpr, into: Collected): void {
  switch (expr.kind) {
    case "lit":
      break;
    case "var":
      if (!into.bound.has(expr.root)) {
        into.variables.push({ name: expr.root, scoped: false, at: into.template.places.get(expr) ?? 0 });
      }
      for (const segment of expr.path) if (segment.kind === "index") collectExpr(segment.expr, into);
      break;
    case "filter":
      collectExpr(expr.input, into);
      for (const argument of expr.args) collectExpr(argument, into);
      break;
    case "unary":
      collectExpr(expr.operand, into);
      break;
    case "binary":
      collectExpr(expr.left, into);
      collectExpr(expr.right, into);
      break;
  }
}

class JinjaRender {
  readonly #sink: SegmentSink;
  readonly #context: EvaluationContext;

  constructor(options: { source: string; template: JinjaTemplate; sink: SegmentSink }) {
    const { source, template, sink } = options;
    this.#sink = sink;
    this.#context = { source, places: template.places, spendChars: (chars) => sink.spendChars(chars) };
  }

  nodes(nodes: readonly JinjaNode[], scope: RenderScope): void {
    this.#sink.spend(nodes.length);
    for (const node of nodes) {
      switch (node.kind) {
        case "text":
          this.#sink.literal(node.value);
          break;
        case "interp": {
          const names = namesOf(scope.frames);
          this.#sink.interp(valueText(evaluateJinja(node.expr, names, this.#context)), originOf(node.expr, names));
          break;
        }
        case "if":
          this.#if(node, scope);
          break;
        case "for":
          this.#for(node, scope);
          break;
        case "include":
          this.#include(node, scope);
          break;
      }
    }
  }

  #if(node: JinjaNode & { kind: "if" }, scope: RenderScope): void {
    const names = namesOf(scope.frames);
    const branch = node.branches.find(({ test }) => isTruthy(evaluateJinja(test, names, this.#context)));
    this.nodes(branch?.body ?? node.elseBody ?? [], scope);
  }

  #for(node: JinjaNode & { kind: "for" }, scope: RenderScope): void {
    const names = namesOf(scope.frames);
    const items = itemsOf(evaluateJinja(node.seq, names, this.#context));
    const origin = originOf(node.seq, names);
    for (const [index, item] of items.entries()) {
      this.#sink.spend(1);
      const loop = {
        index: index + 1,
        index0: index,
        first: index === 0,
        last: index === items.length - 1,
        length: items.length,
      };
      const frames = [
        ...scope.frames,
        { value: { loop }, origin: undefined },
        { value: { [node.loopVar]: item }, origin },
      ];
      this.nodes(node.body, { ...scope, frames });
    }
  }

  #include(node: JinjaNode & { kind: "include" }, scope: RenderScope): void {
    const partial = scope.partials(node.alias);
    if (partial === undefined) return;
    if (scope.depth >= MAX_INCLUDE_DEPTH) {
      throw templateErrorAt(`includes are nested more than ${MAX_INCLUDE_DEPTH} deep`, this.#context.source, node.at);
    }
    partial.template.renderInto(this.#sink, { ...scope, partials: partial.partials, depth: scope.depth + 1 });
  }
}

function namesOf(frames: readonly Frame[]): JinjaScope {
  return {
    lookup(name) {
      for (let index = frames.length - 1; index >= 0; index--) {
        const frame = frames[index];
        if (frame === undefined || !isRecord(frame.value) || !hasMember(frame.value, name)) continue;
        return { value: member(frame.value, name), origin: frame.origin ?? name };
      }
      return { value: undefined, origin: name };
    },
  };
}

/** A list's items, a map's keys in their order, a text's characters. */
function itemsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (isRecord(value)) return Object.keys(value);
  return typeof value === "string" ? Array.from(value) : [];
}

import { MAX_INCLUDE_DEPTH } from "../../../contract/limits.ts";
import type { CompiledTemplate, Frame, RenderScope } from "../compiled-template.ts";
import type { SegmentSink } from "../segment-sink.ts";
import { templateError } from "../template-error.ts";
import { isRecord, member, valueText } from "../template-value.ts";
import type { DotpromptExpr, DotpromptNode, PathExpr } from "./dotprompt-node.ts";
import { lowerHandlebars } from "./lower-handlebars.ts";

/**
 * Compiles the body of a `.prompt` file: Handlebars' built-in blocks, paths, includes and white space control, and dotprompt's
 * helpers (google/dotprompt spec/). Nothing is HTML-escaped.
 * @throws MillraceError `template-error` with the place of the fault.
 */
export function compileDotprompt(source: string): CompiledTemplate {
  const { nodes, variables, partials, markers } = lowerHandlebars(source);
  return {
    engine: "dotprompt",
    source,
    variables,
    partials,
    markers,
    renderInto: (sink, scope) => new DotpromptRender(sink).nodes(nodes, { ...scope, locals: new Map() }),
  };
}

interface DotpromptScope extends RenderScope {
  /** Block parameters (`as |item index|`). */
  readonly locals: ReadonlyMap<string, Frame>;
}
type Block = DotpromptNode & { kind: "block" };

class DotpromptRender {
  readonly #sink: SegmentSink;

  constructor(sink: SegmentSink) {
    this.#sink = sink;
  }

  nodes(nodes: readonly DotpromptNode[], scope: DotpromptScope): void {
    this.#sink.spend(nodes.length);
    for (const node of nodes) {
      switch (node.kind) {
        case "text":
          this.#sink.literal(node.value);
          break;
        case "interp": {
          const { value, origin } = this.#evaluate(node.expr, scope);
          this.#sink.interp(valueText(value), origin);
          break;
        }
        case "marker":
          this.#sink.marker(node.marker);
          break;
        case "media": {
          const type = node.contentType === undefined ? undefined : this.#evaluate(node.contentType, scope).value;
          const url = valueText(this.#evaluate(node.url, scope).value);
          this.#sink.spendChars(url.length);
          this.#sink.marker({ type: "media", url, contentType: type === undefined ? undefined : valueText(type) });
          break;
        }
        case "block":
          this.#block(node, scope);
          break;
        case "partial":
          this.#partial(node, scope);
          break;
      }
    }
  }

  #block(node: Block, scope: DotpromptScope): void {
    const [first = nothing, second = nothing] = node.params.map((param) => this.#evaluate(param, scope));
    const choose = (holds: boolean) => this.nodes(holds ? node.body : node.inverse, scope);
    switch (node.helper) {
      case "if":
        return choose(isTruthy(first.value));
      case "unless":
        return choose(!isTruthy(first.value));
      case "ifEquals":
        return choose(first.value === second.value);
      case "unlessEquals":
        return choose(first.value !== second.value);
      case "each":
        return this.#each(node, first, scope);
      case "with":
        return isTruthy(first.value) ? this.#within(node, first, scope) : choose(false);
      case "plain":
        if (Array.isArray(first.value)) return this.#each(node, first, scope);
        if (first.value === true) return choose(true);
        return isPresent(first.value) ? this.#within(node, first, scope) : choose(false);
    }
  }

  #within(node: Block, context: Frame, scope: DotpromptScope): void {
    const [name] = node.blockParams;
    const locals = name === undefined ? scope.locals : new Map([...scope.locals, [name, context]]);
    this.nodes(node.body, { ...scope, locals, frames: [...scope.frames, context] });
  }

  #each(node: Block, collection: Frame, scope: DotpromptScope): void {
    const entries = entriesOf(collection.value);
    if (entries.length === 0) return this.nodes(node.inverse, scope);
    for (const [index, [key, item]] of entries.entries()) {
      this.#sink.spend(1);
      const frame = { value: item, origin: collection.origin };
      const [itemName, keyName] = node.blockParams;
      const locals = new Map(scope.locals);
      if (itemName !== undefined) locals.set(itemName, frame);
      if (keyName !== undefined) locals.set(keyName, { value: key, origin: collection.origin });
      const position = { index, key, first: index === 0, last: index === entries.length - 1 };
      const data = { ...scope.data, ...position, [parentData]: scope.data };
      this.nodes(node.body, { ...scope, locals, data, frames: [...scope.frames, frame] });
    }
  }

  #partial(node: DotpromptNode & { kind: "partial" }, scope: DotpromptScope): void {
    const partial = scope.partials(node.alias);
    if (partial === undefined) throw templateError(`there is no include \`${node.alias}\``, node.position);
    if (scope.depth >= MAX_INCLUDE_DEPTH) {
      throw templateError(`includes are nested more than ${MAX_INCLUDE_DEPTH} deep`, node.position);
    }
    const context = node.context === undefined ? undefined : this.#evaluate(node.context, scope);
    const added = Object.entries(node.hash).map(([key, expr]) => [key, this.#evaluate(expr, scope)] as const);
    const inner = {
      ...scope,
      frames: partialFrames(context, added, scope.frames),
      partials: partial.partials,
      depth: scope.depth + 1,
    };
    const render = () => partial.template.renderInto(this.#sink, inner);
    if (node.indent === undefined) render();
    else this.#sink.movedIn(node.indent, render);
  }

  #evaluate(expr: DotpromptExpr, scope: DotpromptScope): Frame {
    switch (expr.kind) {
      case "literal":
        return { value: expr.value, origin: undefined };
      case "path":
        return followPath(expr, scope);
      case "call": {
        const [subject = nothing, key = nothing] = expr.params.map((param) => this.#evaluate(param, scope));
        if (expr.helper === "lookup")
          return { value: member(subject.value, valueText(key.value)), origin: subject.origin };
        const indent = expr.hash["indent"] === undefined ? 0 : Number(this.#evaluate(expr.hash["indent"], scope).value);
        const text = JSON.stringify(subject.value ?? null, null, Number.isFinite(indent) ? indent : 0);
        this.#sink.spendChars(text.length);
        return { value: text, origin: subject.origin };
      }
    }
  }
}

const nothing: Frame = { value: undefined, origin: undefined };
/** Where a loop keeps the data variables around it, for `@../index`; no author can write a symbol. */
const parentData = Symbol("the data variables of the enclosing block");

/** What `if` takes for true in Handlebars: an empty list is false, an empty object is true. */
function isTruthy(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false;
}

function entriesOf(value: unknown): readonly (readonly [string | number, unknown])[] {
  if (Array.isArray(value)) return value.map((item: unknown, index) => [index, item] as const);
  return isRecord(value) ? Object.keys(value).map((key) => [key, member(value, key)] as const) : [];
}

function followPath(path: PathExpr, scope: DotpromptScope): Frame {
  const [first, ...rest] = path.parts;
  if (path.data) return { value: dataValue(path, scope), origin: undefined };
  const local = path.depth === 0 && first !== undefined ? scope.locals.get(first) : undefined;
  if (local !== undefined) return { value: rest.reduce<unknown>(member, local.value), origin: local.origin };
  const frame = scope.frames.at(-1 - path.depth) ?? nothing;
  return { value: path.parts.reduce<unknown>(member, frame.value), origin: frame.origin ?? first };
}

function dataValue(path: PathExpr, scope: DotpromptScope): unknown {
  const [first, ...rest] = path.parts;
  if (first === undefined) return undefined;
  if (first === "root") return rest.reduce<unknown>(member, scope.frames[0]?.value);
  let data: unknown = scope.data;
  for (let step = 0; step < path.depth; step++) {
    data = isRecord(data) ? Reflect.get(data, parentData) : undefined;
  }
  return path.parts.reduce<unknown>(member, data);
}

/** An include sees the context it is given (else the current one) with the named values on top. */
function partialFrames(
  context: Frame | undefined,
  added: readonly (readonly [string, Frame])[],
  frames: readonly Frame[],
): readonly Frame[] {
  const base = context ?? frames.at(-1) ?? nothing;
  const outer = context === undefined ? frames.slice(0, -1) : frames;
  if (added.length === 0) return [...outer, base];
  const values = Object.fromEntries(added.map(([key, { value }]) => [key, value]));
  const merged = { ...(isRecord(base.value) ? base.value : {}), ...values };
  return [...outer, { value: merged, origin: base.origin }];
}

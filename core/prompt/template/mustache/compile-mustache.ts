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
import { hasMember, member, valueText } from "../template-value.ts";
import { type MustacheNode, type MustachePath, parseMustache } from "./parse-mustache.ts";

export interface MustacheOptions {
  /** Replaces `& < > "` in `{{name}}`, as web pages need and the specification demands. Prompts are rendered without. */
  readonly escapeHtml?: boolean;
}

const htmlEntities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => htmlEntities[character] ?? character);
}

/**
 * Compiles a mustache template.
 * @throws MillraceError `template-error` with the place of the fault.
 */
export function compileMustache(source: string, options: MustacheOptions = {}): CompiledTemplate {
  const nodes = parseMustache(source);
  const escape = options.escapeHtml === true ? escapeHtml : (text: string) => text;
  const variables: VariableReference[] = [];
  const partials: PartialReference[] = [];
  collect(nodes, { variables, partials, scoped: false });
  return {
    engine: "mustache",
    source,
    variables,
    partials,
    markers: [],
    renderInto: (sink, scope) => new MustacheRender(source, sink, escape).nodes(nodes, scope),
  };
}

interface Collected {
  readonly variables: VariableReference[];
  readonly partials: PartialReference[];
  readonly scoped: boolean;
}

function collect(nodes: readonly MustacheNode[], into: Collected): void {
  for (const node of nodes) {
    if (node.kind === "text") continue;
    if (node.kind === "partial" && node.dynamic === undefined) {
      into.partials.push({ alias: node.name, at: node.at });
      continue;
    }
    const [name] = node.kind === "partial" ? (node.dynamic ?? []) : node.path;
    if (name !== undefined) into.variables.push({ name, scoped: into.scoped, at: node.at });
    if (node.kind === "section") collect(node.body, { ...into, scoped: into.scoped || !node.inverted });
  }
}

interface Found {
  readonly value: unknown;
  readonly origin: string | undefined;
}

class MustacheRender {
  readonly #source: string;
  readonly #sink: SegmentSink;
  readonly #escape: (text: string) => string;

  constructor(source: string, sink: SegmentSink, escape: (text: string) => string) {
    this.#source = source;
    this.#sink = sink;
    this.#escape = escape;
  }

  nodes(nodes: readonly MustacheNode[], scope: RenderScope): void {
    this.#sink.spend(nodes.length);
    for (const node of nodes) {
      switch (node.kind) {
        case "text":
          this.#sink.literal(node.value);
          break;
        case "variable": {
          const { value, origin } = find(node.path, scope.frames);
          const text = valueText(value);
          this.#sink.interp(node.raw ? text : this.#escape(text), origin);
          break;
        }
        case "section":
          this.#section(node, scope);
          break;
        case "partial":
          this.#partial(node, scope);
          break;
      }
    }
  }

  #section(node: MustacheNode & { kind: "section" }, scope: RenderScope): void {
    const { value, origin } = find(node.path, scope.frames);
    const items = Array.isArray(value) ? value : isFalsy(value) ? [] : [value];
    if (node.inverted) {
      if (items.length === 0) this.nodes(node.body, scope);
      return;
    }
    for (const item of items) {
      this.#sink.spend(1);
      this.nodes(node.body, { ...scope, frames: [...scope.frames, { value: item, origin }] });
    }
  }

  #partial(node: MustacheNode & { kind: "partial" }, scope: RenderScope): void {
    const name = node.dynamic === undefined ? node.name : valueText(find(node.dynamic, scope.frames).value);
    const partial = scope.partials(name);
    if (partial === undefined) return;
    if (scope.depth >= MAX_INCLUDE_DEPTH) {
      throw templateErrorAt(`includes are nested more than ${MAX_INCLUDE_DEPTH} deep`, this.#source, node.at);
    }
    const inner = { ...scope, partials: partial.partials, depth: scope.depth + 1 };
    const render = () => partial.template.renderInto(this.#sink, inner);
    if (node.indent === undefined) render();
    else this.#sink.movedIn(node.indent, render);
  }
}

function isFalsy(value: unknown): boolean {
  return value === undefined || value === null || value === false || value === "" || value === 0;
}

/** The first part is looked up from the innermost frame outwards, the rest strictly in what was found (mustache spec, dotted names). */
function find(path: MustachePath, frames: readonly Frame[]): Found {
  const [first, ...rest] = path;
  if (first === undefined) return frames.at(-1) ?? { value: undefined, origin: undefined };
  for (let index = frames.length - 1; index >= 0; index--) {
    const frame = frames[index];
    if (frame === undefined || !hasMember(frame.value, first)) continue;
    let value = member(frame.value, first);
    for (const part of rest) value = member(value, part);
    return { value, origin: frame.origin ?? first };
  }
  return { value: undefined, origin: first };
}

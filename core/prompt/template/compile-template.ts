import type { TemplateEngine } from "../../contract/prompt.ts";
import type { CompiledTemplate, Partial, PartialLookup } from "./compiled-template.ts";
import { compileDotprompt } from "./dotprompt/compile-dotprompt.ts";
import { compileJinja } from "./jinja/compile-jinja.ts";
import { compileMustache } from "./mustache/compile-mustache.ts";
import type { Segment } from "./segment.ts";
import { templateErrorAt } from "./template-error.ts";
import { SegmentSink } from "./segment-sink.ts";

/**
 * Parses a template once, for any number of renders.
 * @throws MillraceError `template-error` with line and column.
 */
export function compileTemplate(engine: TemplateEngine, source: string): CompiledTemplate {
  const nul = source.indexOf("\0");
  if (nul >= 0) throw templateErrorAt("a template cannot hold the character U+0000", source, nul);
  switch (engine) {
    case "mustache":
      return compileMustache(source);
    case "jinja":
      return compileJinja(source);
    case "dotprompt":
      return compileDotprompt(source);
  }
}

export interface TemplateInput {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly partials?: PartialLookup;
  /** Names of the variables that refuse role markers. */
  readonly strict?: ReadonlySet<string>;
  /** What `@name` means to dotprompt templates. */
  readonly data?: Readonly<Record<string, unknown>>;
}

const noPartials: PartialLookup = () => undefined;
const noData = {};

/**
 * Renders a compiled template to segments. Values are data: their text is never parsed, and reaches the output as `interp` only.
 * @throws MillraceError `template-error` (bounds of size, work and depth), `unsafe-interpolation` (a strict variable holds a role marker).
 */
export function renderCompiledTemplate(template: CompiledTemplate, input: TemplateInput): readonly Segment[] {
  const sink = new SegmentSink(input.strict);
  template.renderInto(sink, {
    frames: [{ value: input.variables, origin: undefined }],
    partials: input.partials ?? noPartials,
    depth: 0,
    data: input.data ?? noData,
  });
  return sink.finish();
}

export interface RenderTemplateOptions extends Omit<TemplateInput, "partials"> {
  readonly engine: TemplateEngine;
  readonly source: string;
  /** Alias → template in the same engine. */
  readonly includes?: Readonly<Record<string, string>>;
}

/** Parses and renders in one go; see compileTemplate and renderCompiledTemplate. */
export function renderTemplate(options: RenderTemplateOptions): readonly Segment[] {
  const { engine, source, includes = {} } = options;
  const partials = partialsFromSources(includes, (text) => compileTemplate(engine, text));
  return renderCompiledTemplate(compileTemplate(engine, source), { ...options, partials });
}

/** Templates by alias that see each other; each is parsed when it is first asked for. */
export function partialsFromSources(
  sources: Readonly<Record<string, string>>,
  compile: (source: string) => CompiledTemplate,
): PartialLookup {
  const compiled = new Map<string, Partial>();
  const lookup: PartialLookup = (name) => {
    const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
    if (source === undefined) return undefined;
    const known = compiled.get(name);
    if (known !== undefined) return known;
    const partial = { template: compile(source), partials: lookup };
    compiled.set(name, partial);
    return partial;
  };
  return lookup;
}

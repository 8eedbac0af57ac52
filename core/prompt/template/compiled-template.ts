import type { TemplateEngine } from "../../contract/prompt.ts";
import type { SegmentSink } from "./segment-sink.ts";

/** A value in reach of names, and the variable it came from; undefined for the variables themselves. */
export interface Frame {
  readonly value: unknown;
  readonly origin: string | undefined;
}

/** An included template together with its own includes: an alias means what the included prompt's author meant. */
export interface Partial {
  readonly template: CompiledTemplate;
  readonly partials: PartialLookup;
}
export type PartialLookup = (name: string) => Partial | undefined;

export interface RenderScope {
  /** Outermost first; the first holds the variables. */
  readonly frames: readonly Frame[];
  readonly partials: PartialLookup;
  /** How many includes lead here. */
  readonly depth: number;
  /** What `@name` means to dotprompt templates. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** A name that a template reads. */
export interface VariableReference {
  readonly name: string;
  /** Inside a block whose data may bring the name along; only outside of one must the name be a declared variable. */
  readonly scoped: boolean;
  /** Offset in the source. */
  readonly at: number;
}

export interface PartialReference {
  readonly alias: string;
  readonly at: number;
}

/** A parsed template. Immutable and free of the variables, so that one serves every request of its version. */
export interface CompiledTemplate {
  readonly engine: TemplateEngine;
  readonly source: string;
  readonly variables: readonly VariableReference[];
  readonly partials: readonly PartialReference[];
  /** Places of helpers that open a message or insert more than text; only message templates may hold them. */
  readonly markers: readonly number[];
  renderInto(sink: SegmentSink, scope: RenderScope): void;
}

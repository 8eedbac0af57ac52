import { MillraceError } from "../../contract/millrace-error.ts";
import { CHARS_PER_STEP, MAX_RENDERED_CHARS, MAX_RENDER_STEPS } from "./limits.ts";
import { holdsRoleMarker } from "./role-marker.ts";
import type { Marker, Segment } from "./segment.ts";

const noNames: ReadonlySet<string> = new Set();

/**
 * Collects the segments of one render and keeps its bounds.
 * @throws MillraceError `template-error` when the output or the work exceeds its bound, `unsafe-interpolation` when a strict variable holds a role marker.
 */
export class SegmentSink {
  readonly segments: Segment[] = [];
  readonly #strict: ReadonlySet<string>;
  #chars = 0;
  #steps = 0;
  #literal = "";
  #indent = "";
  #atLineStart = false;

  /** @param strict names of the variables that refuse role markers. */
  constructor(strict: ReadonlySet<string> = noNames) {
    this.#strict = strict;
  }

  literal(text: string): void {
    if (text === "") return;
    this.#add(this.#indent === "" ? text : this.#moveIn(text));
  }

  interp(text: string, source: string | undefined): void {
    if (this.#atLineStart && this.#indent !== "") this.#add(this.#indent);
    this.#atLineStart = false;
    if (text === "") return;
    const strict = source !== undefined && this.#strict.has(source);
    if (strict && holdsRoleMarker(text)) {
      throw new MillraceError("unsafe-interpolation", {
        message: `the strict variable \`${source}\` holds a role marker`,
        param: `prompt.variables.${source}`,
      });
    }
    this.#count(text);
    this.#flush();
    this.segments.push({ kind: "interp", text, source, strict });
  }

  marker(marker: Marker): void {
    this.#flush();
    this.segments.push({ kind: "marker", text: "", marker });
  }

  /** Pays for work that leaves no text behind. */
  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_RENDER_STEPS) {
      throw new MillraceError("template-error", { message: `rendering takes more than ${MAX_RENDER_STEPS} steps` });
    }
  }

  /** Pays for handling that many characters, before it is done. */
  spendChars(chars: number): void {
    this.spend(1 + Math.floor(chars / CHARS_PER_STEP));
  }

  /** Renders an include that stands alone on its line: each line of template text moves in by `indent`; newlines inside values stay as they are (mustache spec, partials). */
  movedIn(indent: string, render: () => void): void {
    const outer = this.#indent;
    this.#indent += indent;
    this.#atLineStart = true;
    render();
    this.#indent = outer;
  }

  finish(): readonly Segment[] {
    this.#flush();
    return this.segments;
  }

  #moveIn(text: string): string {
    const lines = text.split("\n");
    const last = lines.length - 1;
    const moved = lines.map((line, index) => {
      const startsLine = index > 0 || this.#atLineStart;
      return startsLine && (index < last || line !== "") ? this.#indent + line : line;
    });
    this.#atLineStart = lines[last] === "";
    return moved.join("\n");
  }

  #add(text: string): void {
    this.#count(text);
    this.#literal += text;
  }

  #flush(): void {
    if (this.#literal === "") return;
    this.segments.push({ kind: "literal", text: this.#literal });
    this.#literal = "";
  }

  #count(text: string): void {
    this.#chars += text.length;
    if (this.#chars > MAX_RENDERED_CHARS) {
      throw new MillraceError("template-error", {
        message: `the rendered text is longer than ${MAX_RENDERED_CHARS} characters`,
      });
    }
  }
}

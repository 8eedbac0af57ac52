/** Text of the template's author. Role boundaries are recognised here and nowhere else. */
export interface LiteralSegment {
  readonly kind: "literal";
  readonly text: string;
}

/** Text that came from a value: never trusted, never parsed again. */
export interface InterpSegment {
  readonly kind: "interp";
  readonly text: string;
  /** The variable that the text came from; undefined when no single variable can be named. */
  readonly source: string | undefined;
  /** The variable refuses role markers (`"x-strict": true`). */
  readonly strict: boolean;
}

/** A structural mark that the author wrote as a helper call (`{{role "user"}}`); holds no text, so it cannot be spelled by a value. */
export interface MarkerSegment {
  readonly kind: "marker";
  readonly text: "";
  readonly marker: Marker;
}

export type Marker =
  | { readonly type: "role"; readonly role: string }
  | { readonly type: "history" }
  | { readonly type: "section"; readonly name: string }
  | { readonly type: "media"; readonly url: string; readonly contentType: string | undefined };

export type Segment = LiteralSegment | InterpSegment | MarkerSegment;

/** The flat render: what the segments say, in order. */
export function segmentsText(segments: readonly Segment[]): string {
  const [first] = segments;
  if (segments.length === 1 && first !== undefined) return first.text;
  return segments.map((segment) => segment.text).join("");
}

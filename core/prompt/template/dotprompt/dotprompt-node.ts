import type { SourcePosition } from "../template-error.ts";
import type { Marker } from "../segment.ts";

/** `../a.b`, `@key`, `this`: a path within the context or the data variables. */
export interface PathExpr {
  readonly kind: "path";
  /** Steps out to enclosing contexts. */
  readonly depth: number;
  /** Starts at an `@` variable. */
  readonly data: boolean;
  readonly parts: readonly string[];
}
export interface CallExpr {
  readonly kind: "call";
  readonly helper: "lookup" | "json";
  readonly params: readonly DotpromptExpr[];
  readonly hash: Readonly<Record<string, DotpromptExpr>>;
}
export interface LiteralExpr {
  readonly kind: "literal";
  readonly value: string | number | boolean | null | undefined;
}
export type DotpromptExpr = PathExpr | CallExpr | LiteralExpr;

export const blockHelpers = ["if", "unless", "each", "with", "ifEquals", "unlessEquals"] as const;
export type BlockHelper = (typeof blockHelpers)[number];

export type DotpromptNode =
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "interp"; readonly expr: DotpromptExpr }
  | { readonly kind: "marker"; readonly marker: Marker }
  | { readonly kind: "media"; readonly url: DotpromptExpr; readonly contentType: DotpromptExpr | undefined }
  | {
      readonly kind: "block";
      /** `plain` is `{{#name}}`: a loop over a list, a context for anything else that is true. */
      readonly helper: BlockHelper | "plain";
      readonly params: readonly DotpromptExpr[];
      readonly blockParams: readonly string[];
      readonly body: readonly DotpromptNode[];
      readonly inverse: readonly DotpromptNode[];
    }
  | {
      readonly kind: "partial";
      readonly alias: string;
      readonly context: DotpromptExpr | undefined;
      readonly hash: Readonly<Record<string, DotpromptExpr>>;
      readonly indent: string | undefined;
      readonly position: SourcePosition;
    };

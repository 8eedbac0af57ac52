/** The parse tree of Prompty's jinja subset (microsoft/prompty spec/jinja-grammar.md, section 4), and `include`, which is Millrace's. */
export type JinjaNode =
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "interp"; readonly expr: JinjaExpr }
  | {
      readonly kind: "for";
      readonly loopVar: string;
      readonly seq: JinjaExpr;
      readonly body: readonly JinjaNode[];
    }
  | {
      readonly kind: "if";
      readonly branches: readonly { readonly test: JinjaExpr; readonly body: readonly JinjaNode[] }[];
      readonly elseBody?: readonly JinjaNode[];
    }
  | { readonly kind: "include"; readonly alias: string; readonly at: number };

export type JinjaBinaryOperator = "and" | "or" | "in" | "==" | "!=" | "<" | ">" | "<=" | ">=";

export type JinjaPathSegment =
  | { readonly kind: "attr"; readonly name: string }
  | { readonly kind: "index"; readonly expr: JinjaExpr };

export type JinjaExpr =
  | { readonly kind: "var"; readonly root: string; readonly path: readonly JinjaPathSegment[] }
  | { readonly kind: "lit"; readonly value: string | number | boolean | null }
  | { readonly kind: "filter"; readonly name: string; readonly input: JinjaExpr; readonly args: readonly JinjaExpr[] }
  | { readonly kind: "unary"; readonly operator: "not"; readonly operand: JinjaExpr }
  | {
      readonly kind: "binary";
      readonly operator: JinjaBinaryOperator;
      readonly left: JinjaExpr;
      readonly right: JinjaExpr;
    };

/** Where each variable and filter of a tree stands in the source; kept apart so that the tree is the specification's. */
export type JinjaPlaces = ReadonlyMap<JinjaExpr, number>;

export interface JinjaTemplate {
  readonly nodes: readonly JinjaNode[];
  readonly places: JinjaPlaces;
}

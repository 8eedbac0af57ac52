import { dereference, validate } from "@cfworker/json-schema";
import { MillraceError, type JsonObject, type JsonValue } from "@millrace/core/contract";
import { formatBodies, GrammarRules, literal } from "./grammar-rules.ts";
import { integerRange, numberRange } from "./number-range.ts";

/** Keywords that describe and do not constrain. */
const ANNOTATIONS = new Set(
  "title description default examples deprecated readOnly writeOnly $schema $id $comment $defs definitions".split(" "),
);
const OBJECT_KEYWORDS = ["properties", "required", "additionalProperties"];
const ARRAY_KEYWORDS = ["items", "prefixItems", "minItems", "maxItems"];
const STRING_KEYWORDS = ["minLength", "maxLength", "format"];
const NUMBER_KEYWORDS = ["minimum", "maximum"];
const INTEGER_KEYWORDS = [...NUMBER_KEYWORDS, "exclusiveMinimum", "exclusiveMaximum"];
/** Repetitions become grammar rules one by one; a longer bound is held to this, which stays inside the schema. */
const MAX_REPETITION = 1000;
const MAX_DEPTH = 64;

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * JSON Schema (2020-12) → GBNF rules. The grammar writes a subset of what the schema allows: declared properties in declared order,
 * compact JSON, numbers of at most 15 digits. What it cannot promise is refused with `unsupported-parameter`, never ignored.
 */
export class SchemaGrammar {
  readonly #rules: GrammarRules;
  readonly #root: JsonObject;
  readonly #param: string;
  readonly #references = new Map<string, string>();
  /** Every part of the whole schema by its address, once it was asked for. */
  #lookup: ReturnType<typeof dereference> | undefined;

  constructor(rules: GrammarRules, root: JsonObject, param: string) {
    this.#rules = rules;
    this.#root = root;
    this.#param = param;
  }

  /** The name of the rule for the whole schema. */
  build(): string {
    return this.#rule(this.#root, "", 0);
  }

  #refuse(path: string, what: string): MillraceError {
    return new MillraceError("unsupported-parameter", {
      param: `${this.#param}${path}`,
      message: `The grammar of this runner cannot enforce ${what}${path === "" ? "" : ` (at ${path})`}.`,
    });
  }

  #unsatisfiable(path: string, why: string): MillraceError {
    return new MillraceError("unsupported-parameter", {
      param: `${this.#param}${path}`,
      message: `No text can satisfy this schema: ${why} (at ${path}).`,
    });
  }

  #rule(schema: JsonValue, path: string, depth: number): string {
    if (depth > MAX_DEPTH) throw this.#refuse(path, `a schema nested deeper than ${MAX_DEPTH} levels`);
    if (schema === true) return "value";
    if (!isObject(schema)) throw this.#refuse(path, "a schema that is not an object");
    const { $ref, allOf, anyOf, oneOf, type } = schema;
    if (typeof $ref === "string") {
      this.#allow(schema, path, ["$ref"]);
      return this.#reference($ref, path, depth);
    }
    if (schema["const"] !== undefined) return this.#listed(schema, path, "const");
    if (Array.isArray(schema["enum"])) return this.#listed(schema, path, "enum");
    if (Array.isArray(allOf)) {
      this.#allow(schema, path, ["allOf"]);
      if (allOf.length !== 1 || allOf[0] === undefined)
        throw this.#refuse(`${path}.allOf`, "`allOf` of several schemas");
      return this.#rule(allOf[0], `${path}.allOf[0]`, depth + 1);
    }
    if (Array.isArray(anyOf ?? oneOf)) return this.#choice(schema, path, depth);
    if (Array.isArray(type)) return this.#union(type, schema, { path, depth });
    return this.#typed(schema, path, { depth, mixed: false });
  }

  #choice(schema: JsonObject, path: string, depth: number): string {
    const keyword = Array.isArray(schema["anyOf"]) ? "anyOf" : "oneOf";
    const choices = schema[keyword];
    this.#allow(schema, path, [keyword]);
    if (!Array.isArray(choices) || choices.length === 0)
      throw this.#unsatisfiable(`${path}.${keyword}`, "it is a choice of nothing");
    return this.#rules.add(
      choices.map((choice, index) => this.#rule(choice, `${path}.${keyword}[${index}]`, depth + 1)).join(" | "),
    );
  }

  #union(types: readonly JsonValue[], schema: JsonObject, { path, depth }: { path: string; depth: number }): string {
    if (types.length === 0) throw this.#unsatisfiable(`${path}.type`, "no type is allowed");
    return this.#rules.add(
      types.map((type) => this.#typed({ ...schema, type }, path, { depth, mixed: true })).join(" | "),
    );
  }

  /** The values of `const` or `enum` that the keywords beside it admit: any other would be an answer that the schema refuses. */
  #listed(schema: JsonObject, path: string, keyword: "const" | "enum"): string {
    const { [keyword]: listed = null, ...beside } = schema;
    const values = keyword === "enum" && Array.isArray(listed) ? listed : [listed];
    const admitted = values.filter((value) => this.#admits(beside, value, `${path}.${keyword}`));
    if (admitted.length === 0) throw this.#unsatisfiable(`${path}.${keyword}`, "none of its values is allowed");
    return this.#rules.add(admitted.map((value) => literal(JSON.stringify(value))).join(" | "));
  }

  #admits(beside: JsonObject, value: JsonValue, path: string): boolean {
    if (Object.keys(beside).every((key) => ANNOTATIONS.has(key))) return true;
    try {
      return validate(value, beside, "2020-12", (this.#lookup ??= dereference(this.#root))).valid;
    } catch {
      // A reference that leads nowhere, or a keyword with a value of the wrong type.
      throw this.#refuse(path, "what stands beside it");
    }
  }

  #allow(schema: JsonObject, path: string, keywords: readonly string[]): void {
    for (const key of Object.keys(schema)) {
      if (!ANNOTATIONS.has(key) && !keywords.includes(key)) throw this.#refuse(`${path}.${key}`, `\`${key}\` here`);
    }
  }

  #typed(schema: JsonObject, path: string, { depth, mixed }: { depth: number; mixed: boolean }): string {
    // In a union of types each type reads its own keywords, so all of them may stand side by side.
    const all = [...OBJECT_KEYWORDS, ...ARRAY_KEYWORDS, ...STRING_KEYWORDS, ...INTEGER_KEYWORDS];
    const allow = (keywords: readonly string[]) => this.#allow(schema, path, ["type", ...(mixed ? all : keywords)]);
    const type = schema["type"] ?? (isObject(schema["properties"]) ? "object" : undefined);
    switch (type) {
      case "object":
        allow(OBJECT_KEYWORDS);
        return this.#object(schema, path, depth);
      case "array":
        allow(ARRAY_KEYWORDS);
        return this.#array(schema, path, depth);
      case "string":
        allow(STRING_KEYWORDS);
        return this.#string(schema, path);
      case "integer":
        allow(INTEGER_KEYWORDS);
        return this.#integer(schema, path);
      case "number":
        allow(NUMBER_KEYWORDS);
        return this.#number(schema, path);
      case "boolean":
      case "null":
        allow([]);
        return type;
      case undefined:
        // `enum`, `anyOf` and the like were read before this: one that is left is not a list, and a `type` is not a word.
        this.#allow(schema, path, []);
        return "value";
      case true:
      case false:
      default:
        throw this.#refuse(`${path}.type`, `the type ${JSON.stringify(type)}`);
    }
  }

  #reference(reference: string, path: string, depth: number): string {
    const known = this.#references.get(reference);
    if (known !== undefined) return known;
    if (reference !== "#" && !reference.startsWith("#/"))
      throw this.#refuse(`${path}.$ref`, `the reference ${reference}`);
    const target = reference
      .split("/")
      .slice(1)
      .map((step) => decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~"))
      .reduce<JsonValue | undefined>(
        (at, step) => (isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined),
        this.#root,
      );
    if (target === undefined) throw this.#refuse(`${path}.$ref`, `the reference ${reference}, which leads nowhere`);
    const name = this.#rules.reserve();
    this.#references.set(reference, name);
    const body = this.#rule(target, path, depth + 1);
    if (body === name) throw this.#refuse(`${path}.$ref`, "a reference to itself");
    this.#rules.set(name, body);
    return name;
  }

  #object(schema: JsonObject, path: string, depth: number): string {
    const properties = isObject(schema["properties"]) ? schema["properties"] : {};
    const required = new Set(Array.isArray(schema["required"]) ? schema["required"].map(String) : []);
    const more = schema["additionalProperties"];
    const declared = Object.entries(properties);
    for (const name of required) {
      if (Object.hasOwn(properties, name)) continue;
      if (more === false) throw this.#refuse(`${path}.required`, `the required property ${name}, which is not allowed`);
      declared.push([name, more ?? true]);
    }
    if (declared.length === 0) {
      if (more === false) return this.#rules.add('"{}"');
      const value = this.#rule(more ?? true, `${path}.additionalProperties`, depth + 1);
      return this.#rules.add(`"{" ( string ":" space ${value} ( "," space string ":" space ${value} )* )? "}"`);
    }
    const members = declared.map(([name, value]) => ({
      required: required.has(name),
      pair: this.#rules.add(
        `${literal(`${JSON.stringify(name)}:`)} space ${this.#rule(value, `${path}.properties.${name}`, depth + 1)}`,
      ),
    }));
    return this.#rules.add(`"{" ${this.#members(members)} "}"`);
  }

  /** Members in order, optional ones left out at will, commas only between. */
  #members(members: readonly { readonly required: boolean; readonly pair: string }[]): string {
    let tail = '""';
    const heads: string[] = [];
    for (const member of members.toReversed()) {
      if (member.required) heads.length = 0;
      heads.push(`${member.pair} ${tail}`);
      const next = `"," space ${member.pair}`;
      tail = this.#rules.add(`${member.required ? next : `( ${next} )?`} ${tail}`);
    }
    const all = members.some((member) => member.required) ? heads : [...heads, '""'];
    return `( ${all.toReversed().join(" | ")} )`;
  }

  #array(schema: JsonObject, path: string, depth: number): string {
    const prefix = Array.isArray(schema["prefixItems"]) ? schema["prefixItems"] : [];
    const first = prefix.map((item, index) => this.#rule(item, `${path}.prefixItems[${index}]`, depth + 1));
    const least = Math.max(0, (numberOf(schema["minItems"]) ?? 0) - first.length);
    const bound = schema["items"] === false ? first.length : numberOf(schema["maxItems"]);
    if (bound !== undefined && bound < first.length + least)
      throw this.#refuse(path, "an array shorter than its items");
    const most = bound === undefined ? undefined : Math.min(bound - first.length, MAX_REPETITION);
    const item = schema["items"] === false ? "value" : this.#rule(schema["items"] ?? true, `${path}.items`, depth + 1);
    const head = first.join(' "," space ');
    if (first.length > 0) {
      const rest = most === 0 ? "" : `( "," space ${item} ){${least},${most ?? ""}}`;
      return this.#rules.add(`"[" ${head} ${rest} "]"`);
    }
    if (most === 0) return this.#rules.add('"[]"');
    const rest = `( "," space ${item} ){${Math.max(0, least - 1)},${most === undefined ? "" : most - 1}}`;
    return this.#rules.add(`"[" ${least > 0 ? `${item} ${rest}` : `( ${item} ${rest} )?`} "]"`);
  }

  #string(schema: JsonObject, path: string): string {
    const { format } = schema;
    const [least, most] = [numberOf(schema["minLength"]), numberOf(schema["maxLength"])];
    if (format !== undefined) {
      const body = typeof format === "string" ? formatBodies[format] : undefined;
      if (body === undefined) throw this.#refuse(`${path}.format`, `the format ${JSON.stringify(format)}`);
      if (least !== undefined || most !== undefined) throw this.#refuse(path, "`format` together with a length");
      return this.#rules.add(`"\\"" ${body} "\\""`);
    }
    if (least === undefined && most === undefined) return "string";
    if ((least ?? 0) > Math.min(most ?? MAX_REPETITION, MAX_REPETITION)) throw this.#refuse(path, "this string length");
    return this.#rules.add(`"\\"" char{${least ?? 0},${Math.min(most ?? MAX_REPETITION, MAX_REPETITION)}} "\\""`);
  }

  #integer(schema: JsonObject, path: string): string {
    const above = numberOf(schema["exclusiveMinimum"]);
    const below = numberOf(schema["exclusiveMaximum"]);
    const lows = [numberOf(schema["minimum"]), above === undefined ? undefined : Math.floor(above) + 1];
    const highs = [numberOf(schema["maximum"]), below === undefined ? undefined : Math.ceil(below) - 1];
    return this.#bounded(path, {
      plain: "integer",
      low: extreme(lows, Math.max),
      high: extreme(highs, Math.min),
      range: integerRange,
    });
  }

  #number(schema: JsonObject, path: string): string {
    return this.#bounded(path, {
      plain: "number",
      low: numberOf(schema["minimum"]),
      high: numberOf(schema["maximum"]),
      range: numberRange,
    });
  }

  #bounded(
    path: string,
    options: { plain: string; low: number | undefined; high: number | undefined; range: typeof integerRange },
  ): string {
    if (options.low === undefined && options.high === undefined) return options.plain;
    const body = options.range(options.low, options.high);
    if (body === undefined) throw this.#refuse(path, "these bounds");
    return this.#rules.add(body);
  }
}

function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function extreme(values: readonly (number | undefined)[], pick: (...numbers: number[]) => number): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : pick(...known);
}

/** GBNF that admits only JSON of the schema. @throws MillraceError `unsupported-parameter` naming the keyword. */
export function schemaGrammar(schema: JsonObject, param: string): string {
  const rules = new GrammarRules();
  return rules.render(new SchemaGrammar(rules, schema, param).build());
}

/** GBNF of any JSON object. */
export function jsonObjectGrammar(): string {
  return new GrammarRules().render("object");
}

import type { ComparisonCondition, Condition, JsonObject, JsonValue } from "../contract/index.ts";

/** What conditions can look at. */
export interface ConditionFacts {
  readonly model: string;
  readonly surface: string;
  readonly stream: boolean;
  readonly user: string | undefined;
  /** The key's id. */
  readonly key: string;
  /** Names, not ids. */
  readonly environment: string;
  readonly project: string;
  readonly prompt: { readonly name: string; readonly label: string | null; readonly version: number } | undefined;
  readonly metadata: Readonly<Record<string, JsonValue>>;
  readonly header: (name: string) => string | undefined;
  /** The request's body. */
  readonly request: Readonly<JsonObject>;
  readonly inputTokens: number;
  readonly bodyBytes: number;
  readonly nowMs: number;
}

/** Headers that carry credentials: a route never decides by them, and what decided is written into traces. */
const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set([
  "authorization",
  "proxy-authorization",
  "cookie",
  "x-api-key",
  "api-key",
]);

/** Own members only, so that a path never reaches what every object inherits. */
function atPath(root: Readonly<JsonObject>, path: string): JsonValue | undefined {
  let value: JsonValue | undefined = root;
  for (const step of path.replaceAll(/\[(\d+)\]/g, ".$1").split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step) as JsonValue;
  }
  return value;
}

function promptFact(facts: ConditionFacts, name: string): JsonValue | undefined {
  if (name === "name") return facts.prompt?.name;
  if (name === "label") return facts.prompt?.label;
  return facts.prompt?.version;
}

function timeFact(nowMs: number, name: string): JsonValue {
  const now = new Date(nowMs);
  if (name === "hour") return now.getUTCHours();
  if (name === "weekday") return now.getUTCDay();
  return now.toISOString().slice(0, 10);
}

type FactReader = (facts: ConditionFacts, name: string) => JsonValue | undefined;

/** Fields with a name after the first dot, by what stands before it. */
const namedFacts: Readonly<Record<string, FactReader>> = {
  metadata: ({ metadata }, name) => (Object.hasOwn(metadata, name) ? metadata[name] : undefined),
  header: ({ header }, name) => (CREDENTIAL_HEADERS.has(name) ? undefined : header(name)),
  request: ({ request }, path) => atPath(request, path),
  prompt: (facts, name) => promptFact(facts, name),
  time: ({ nowMs }, name) => timeFact(nowMs, name),
};

const plainFacts: Readonly<Record<string, (facts: ConditionFacts) => JsonValue | undefined>> = {
  model: ({ model }) => model,
  surface: ({ surface }) => surface,
  stream: ({ stream }) => stream,
  user: ({ user }) => user,
  key: ({ key }) => key,
  environment: ({ environment }) => environment,
  project: ({ project }) => project,
  input_tokens: ({ inputTokens }) => inputTokens,
  body_bytes: ({ bodyBytes }) => bodyBytes,
};

function factOf(facts: ConditionFacts, field: string): JsonValue | undefined {
  const dot = field.indexOf(".");
  return dot < 0 ? plainFacts[field]?.(facts) : namedFacts[field.slice(0, dot)]?.(facts, field.slice(dot + 1));
}

/** Headers and metadata are text; a number in a condition meets them as text. */
function isSame(value: JsonValue, operand: JsonValue): boolean {
  if (typeof value === "object" || typeof operand === "object") return false;
  return typeof value === typeof operand ? value === operand : String(value) === String(operand);
}

/** Numbers, or text that says one, by size; other text (dates) by code units. Undefined = not comparable. */
function compare(value: JsonValue, operand: JsonValue): number | undefined {
  const numeric = (side: JsonValue): number =>
    typeof side === "number" ? side : typeof side === "string" && side.trim() !== "" ? Number(side) : Number.NaN;
  const difference = numeric(value) - numeric(operand);
  if (!Number.isNaN(difference)) return difference;
  if (typeof value !== "string" || typeof operand !== "string") return undefined;
  return value < operand ? -1 : value > operand ? 1 : 0;
}

function textHolds(value: JsonValue, operand: JsonValue, test: (text: string, part: string) => boolean): boolean {
  return typeof value === "string" && typeof operand !== "object" && test(value, String(operand));
}

type Operand = NonNullable<ComparisonCondition["value"]> | null;
type Test = (value: JsonValue, operand: Operand) => boolean;

const listOf = (operand: Operand): readonly JsonValue[] => (Array.isArray(operand) ? operand : [operand]);
const ordered =
  (test: (difference: number) => boolean): Test =>
  (value, operand) => {
    const difference = compare(value, operand);
    return difference !== undefined && test(difference);
  };

const tests: Readonly<Record<ComparisonCondition["is"], Test>> = {
  exists: () => true,
  equals: isSame,
  "not-equals": (value, operand) => !isSame(value, operand),
  in: (value, operand) => listOf(operand).some((item) => isSame(value, item)),
  "not-in": (value, operand) => !listOf(operand).some((item) => isSame(value, item)),
  contains: (value, operand) =>
    Array.isArray(value)
      ? value.some((item) => isSame(item, operand))
      : textHolds(value, operand, (text, part) => text.includes(part)),
  "starts-with": (value, operand) => textHolds(value, operand, (text, part) => text.startsWith(part)),
  "ends-with": (value, operand) => textHolds(value, operand, (text, part) => text.endsWith(part)),
  above: ordered((difference) => difference > 0),
  "at-least": ordered((difference) => difference >= 0),
  below: ordered((difference) => difference < 0),
  "at-most": ordered((difference) => difference <= 0),
};

function comparisonHolds({ field, is, value: operand }: ComparisonCondition, facts: ConditionFacts): boolean {
  const value = factOf(facts, field);
  if (value === undefined || value === null) return is === "not-equals" || is === "not-in";
  return tests[is](value, operand ?? null);
}

/** Whether a request is what a condition describes. */
export function conditionHolds(condition: Condition, facts: ConditionFacts): boolean {
  if ("all" in condition) return condition.all.every((part) => conditionHolds(part, facts));
  if ("any" in condition) return condition.any.some((part) => conditionHolds(part, facts));
  if ("not" in condition) return !conditionHolds(condition.not, facts);
  return comparisonHolds(condition, facts);
}

/** A condition in words, for a decision's reason. Names the fields, never what was in them. */
export function describeCondition(condition: Condition): string {
  if ("all" in condition) return `(${condition.all.map(describeCondition).join(" and ")})`;
  if ("any" in condition) return `(${condition.any.map(describeCondition).join(" or ")})`;
  if ("not" in condition) return `not ${describeCondition(condition.not)}`;
  const { field, is, value } = condition;
  return value === undefined ? `${field} ${is}` : `${field} ${is} ${JSON.stringify(value)}`;
}

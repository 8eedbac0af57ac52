/** Names that reach behind the data in JavaScript; a template sees nothing there, even where JSON put an own property. */
const hiddenNames = new Set(["__proto__", "constructor", "prototype"]);

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value has its own member of that name; never looks at a prototype. */
export function hasMember(value: unknown, name: string): boolean {
  return typeof value === "object" && value !== null && !hiddenNames.has(name) && Object.hasOwn(value, name);
}

/** An own member, or undefined. */
export function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && hasMember(value, name) ? Reflect.get(value, name) : undefined;
}

/** How a value reads in a prompt: nothing for null, lower-case booleans, shortest numbers, JSON for lists and objects; never HTML-escaped. */
export function valueText(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "object") return JSON.stringify(value);
  return String(value as number | boolean);
}

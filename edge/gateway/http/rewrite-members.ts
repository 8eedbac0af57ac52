import type { Span } from "./scan-json.ts";

/**
 * The same JSON object with some members set to new values (given as JSON text), every other byte as it came: large numbers, odd
 * spacing and fields that nobody here knows reach the provider untouched.
 */
export function rewriteMembers(
  text: string,
  members: ReadonlyMap<string, Span>,
  values: Readonly<Record<string, string>>,
): string {
  const edits: { readonly start: number; readonly end: number; readonly text: string }[] = [];
  let appended = "";
  for (const [name, value] of Object.entries(values)) {
    const span = members.get(name);
    if (span === undefined) appended += `,${JSON.stringify(name)}:${value}`;
    else edits.push({ start: span.start, end: span.end, text: value });
  }
  if (appended !== "") {
    const brace = text.lastIndexOf("}");
    edits.push({ start: brace, end: brace, text: members.size === 0 ? appended.slice(1) : appended });
  }
  edits.sort((a, b) => a.start - b.start);
  let result = "";
  let at = 0;
  for (const edit of edits) {
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}

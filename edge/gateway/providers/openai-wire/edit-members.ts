import type { JsonValue } from "@millrace/core/contract";
import { scanJson, withoutRepeats } from "../../http/scan-json.ts";

/** New values of members of a JSON object; undefined takes the member out. */
export type Edits = Readonly<Record<string, JsonValue | undefined>>;

/** The same JSON object with these members changed; the text of every other member stays as it came. */
export function editMembers(text: string, edits: Edits): string {
  const names = Object.keys(edits);
  if (names.length === 0) return text;
  const { members } = scanJson(text);
  if (members === undefined) return editMembers(withoutRepeats(text), edits);
  if (names.every((name) => edits[name] === undefined && !members.has(name))) return text;
  const parts: string[] = [];
  let at = text.indexOf("{") + 1;
  for (const [name, span] of members) {
    if (!Object.hasOwn(edits, name)) parts.push(text.slice(at, span.end).replace(/^\s*,/, ""));
    else if (edits[name] !== undefined) parts.push(`${JSON.stringify(name)}:${JSON.stringify(edits[name])}`);
    at = span.end;
  }
  for (const name of names) {
    if (!members.has(name) && edits[name] !== undefined)
      parts.push(`${JSON.stringify(name)}:${JSON.stringify(edits[name])}`);
  }
  return `{${parts.join(",")}}`;
}

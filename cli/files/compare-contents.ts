import { canonicalJson } from "@millrace/core/content";
import type { PromptChange, PromptContent } from "@millrace/core/contract";
import { diffWordsWithSpace } from "diff";

/** What changed from one content to another, by field and list item, with the words of changed text. */
export function compareContents(before: PromptContent, after: PromptContent): PromptChange[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const fields = new Map<string, unknown>(Object.entries(before));
  const changed = new Map<string, unknown>(Object.entries(after));
  return [...names].flatMap((name) => compareValues(name, fields.get(name), changed.get(name)));
}

function compareValues(path: string, before: unknown, after: unknown): PromptChange[] {
  if (isEqual(before, after)) return [];
  if (before === undefined) return [{ path, kind: "added", after }];
  if (after === undefined) return [{ path, kind: "removed", before }];
  if (typeof before === "string" && typeof after === "string") {
    return [{ path, kind: "changed", before, after, words: compareWords(before, after) }];
  }
  if (Array.isArray(before) && Array.isArray(after)) return compareLists(path, before, after);
  if (isRecord(before) && isRecord(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...names].flatMap((name) => compareValues(`${path}.${name}`, before[name], after[name]));
  }
  return [{ path, kind: "changed", before, after }];
}

function compareWords(before: string, after: string): NonNullable<PromptChange["words"]> {
  return diffWordsWithSpace(before, after).map(({ added, removed, value }) => ({
    op: added ? "added" : removed ? "removed" : "same",
    text: value,
  }));
}

/** Items that are on both sides are matched by value; what is left is matched by place. */
function compareLists(path: string, before: readonly unknown[], after: readonly unknown[]): PromptChange[] {
  const left = before.map((item, index) => ({ item, index }));
  const right = after.map((item, index) => ({ item, index }));
  const gone = left.filter(({ item }) => !after.some((other) => isEqual(item, other)));
  const come = right.filter(({ item }) => !before.some((other) => isEqual(item, other)));
  const changes = Array.from({ length: Math.max(gone.length, come.length) }, (_, place) => {
    const index = come[place]?.index ?? gone[place]?.index ?? 0;
    return compareValues(`${path}[${index}]`, gone[place]?.item, come[place]?.item);
  }).flat();
  return changes.length > 0 ? changes : [{ path, kind: "moved", before, after }];
}

function isEqual(a: unknown, b: unknown): boolean {
  return a === b || (a !== undefined && b !== undefined && canonicalJson(a) === canonicalJson(b));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

import { diffArrays, diffWordsWithSpace } from "diff";
import type { PromptChange } from "../contract/api/prompts.ts";
import type { FewShotExample, PromptContent } from "../contract/prompt.ts";
import { withoutSource } from "./formats/millrace-fields.ts";
import { canonicalJson } from "../content/canonical-json.ts";

/** Above this many characters words are not compared: the comparison is quadratic in what differs. */
const MAX_WORD_DIFF_CHARS = 32_768;

/**
 * What changed between two versions, by meaning: examples are matched by name or content, constraints and messages by content, and
 * only then by position; what merely moved is `moved`. The kept text of an imported file is no change. Empty for equal contents.
 */
export function diffPrompts(before: PromptContent, after: PromptContent): readonly PromptChange[] {
  return [
    ...diffValue("task", before.task, after.task),
    ...diffValue("engine", before.engine, after.engine),
    ...diffValue("system", before.system, after.system),
    ...diffList(before.few_shot, after.few_shot, fewShotList),
    ...diffList(before.constraints, after.constraints, constraintList),
    ...diffList(before.messages, after.messages, messageList),
    ...diffVariables(before, after),
    ...diffValue("output", before.output, after.output),
    ...diffFields("settings", before.settings, after.settings),
    ...diffFields("includes", before.includes, after.includes),
    ...diffFields("extensions", withoutSource(before).extensions ?? {}, withoutSource(after).extensions ?? {}),
  ];
}

interface ListKind<T> {
  readonly path: (item: T, index: number) => string;
  /** Items of one identity are the same item, changed or not; undefined: only equal content is the same. */
  readonly identity: (item: T) => string | undefined;
  readonly changes: (path: string, before: T, after: T) => readonly PromptChange[];
}

const fewShotList: ListKind<FewShotExample> = {
  path: ({ name }, index) => `few_shot[${name ?? index}]`,
  identity: ({ name }) => name,
  changes: (path, before, after) => {
    const sameTurns =
      before.messages.length === after.messages.length &&
      before.messages.every(({ role }, turn) => role === after.messages[turn]?.role);
    if (!sameTurns) return diffValue(path, before, after);
    const renamed = diffValue(`${path}.name`, before.name, after.name);
    const turns = before.messages.flatMap(({ content }, turn) =>
      diffValue(`${path}.messages[${turn}].content`, content, after.messages[turn]?.content),
    );
    return [...renamed, ...turns];
  },
};
const constraintList: ListKind<string> = {
  path: (_text, index) => `constraints[${index}]`,
  identity: () => undefined,
  changes: diffValue,
};
const messageList: ListKind<PromptContent["messages"][number]> = {
  path: (item, index) => ("slot" in item ? `messages[${item.slot}]` : `messages[${index}]`),
  identity: (item) => ("slot" in item ? item.slot : undefined),
  changes: (path, before, after) =>
    "slot" in before || "slot" in after || before.role !== after.role
      ? diffValue(path, before, after)
      : diffValue(`${path}.content`, before.content, after.content),
};

interface Pair {
  readonly from: number;
  readonly to: number;
}

function diffList<T>(before: readonly T[], after: readonly T[], kind: ListKind<T>): readonly PromptChange[] {
  const pairs = matchItems(before, after, kind);
  const inOrder = longestRising(pairs);
  const changes: PromptChange[] = [];
  const matchedBefore = new Set(pairs.map(({ from }) => from));
  for (const [index, item] of before.entries()) {
    if (!matchedBefore.has(index)) changes.push({ path: kind.path(item, index), kind: "removed", before: item });
  }
  const byTarget = new Map(pairs.map((pair) => [pair.to, pair]));
  for (const [index, item] of after.entries()) {
    const pair = byTarget.get(index);
    const old = pair === undefined ? undefined : before[pair.from];
    const path = kind.path(item, index);
    if (pair === undefined || old === undefined) {
      changes.push({ path, kind: "added", after: item });
      continue;
    }
    if (!inOrder.has(pair)) changes.push({ path, kind: "moved", before: pair.from, after: pair.to });
    if (canonicalJson(old) !== canonicalJson(item)) changes.push(...kind.changes(path, old, item));
  }
  return changes;
}

/** Pairs by identity, then by equal content in order (LCS) and out of order, then what is left between the same neighbours. */
function matchItems<T>(before: readonly T[], after: readonly T[], kind: ListKind<T>): readonly Pair[] {
  const pairs: Pair[] = [];
  const openBefore = new Set(before.keys());
  const openAfter = new Set(after.keys());
  const pair = (from: number, to: number) => {
    pairs.push({ from, to });
    openBefore.delete(from);
    openAfter.delete(to);
  };
  const pairByKey = (key: (item: T) => string | undefined) => {
    const targets = new Map<string, number[]>();
    for (const to of openAfter) {
      const name = after[to] === undefined ? undefined : key(after[to]);
      if (name !== undefined) targets.set(name, [...(targets.get(name) ?? []), to]);
    }
    for (const from of openBefore) {
      const name = before[from] === undefined ? undefined : key(before[from]);
      const to = name === undefined ? undefined : targets.get(name)?.shift();
      if (to !== undefined) pair(from, to);
    }
  };
  pairByKey(kind.identity);
  for (const common of commonInOrder(before, after)) {
    if (openBefore.has(common.from) && openAfter.has(common.to)) pair(common.from, common.to);
  }
  pairByKey(canonicalJson);
  const anonymous = (item: T | undefined) => item !== undefined && kind.identity(item) === undefined;
  const restAfter = [...openAfter].filter((to) => anonymous(after[to]));
  for (const from of [...openBefore].filter((index) => anonymous(before[index]))) {
    const to = restAfter.find((candidate) => isBetweenSameNeighbours({ from, to: candidate }, pairs));
    if (to === undefined) continue;
    restAfter.splice(restAfter.indexOf(to), 1);
    pair(from, to);
  }
  return pairs;
}

function commonInOrder<T>(before: readonly T[], after: readonly T[]): readonly Pair[] {
  const pairs: Pair[] = [];
  let from = 0;
  let to = 0;
  for (const part of diffArrays(before.map(canonicalJson), after.map(canonicalJson))) {
    if (part.removed) from += part.value.length;
    else if (part.added) to += part.value.length;
    else for (const _item of part.value) pairs.push({ from: from++, to: to++ });
  }
  return pairs;
}

/** A pair that crosses none of those found so far: the item was edited in its place. */
function isBetweenSameNeighbours(candidate: Pair, pairs: readonly Pair[]): boolean {
  return pairs.every(({ from, to }) => from < candidate.from === to < candidate.to);
}

/** The largest set of pairs that kept their order; the others moved. */
function longestRising(pairs: readonly Pair[]): ReadonlySet<Pair> {
  const sorted = pairs.toSorted((a, b) => a.from - b.from);
  const best: { readonly pair: Pair; readonly length: number; readonly previous: number }[] = [];
  for (const [index, pair] of sorted.entries()) {
    let previous = -1;
    let length = 1;
    for (let earlier = 0; earlier < index; earlier++) {
      const entry = best[earlier];
      if (entry === undefined || entry.pair.to >= pair.to || entry.length < length) continue;
      previous = earlier;
      length = entry.length + 1;
    }
    best.push({ pair, length, previous });
  }
  const kept = new Set<Pair>();
  const longest = Math.max(0, ...best.map(({ length }) => length));
  for (let index = best.findIndex(({ length }) => length === longest); index >= 0;) {
    const entry = best[index];
    if (entry === undefined) break;
    kept.add(entry.pair);
    index = entry.previous;
  }
  return kept;
}

function diffVariables(before: PromptContent, after: PromptContent): readonly PromptChange[] {
  const { properties: oldNames, ...oldRest } = before.variables;
  const { properties: newNames, ...newRest } = after.variables;
  return [
    ...diffFields("variables", asRecord(oldNames), asRecord(newNames)),
    ...diffFields("variables schema", oldRest, newRest),
  ];
}

function asRecord(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

function diffFields(path: string, before: object, after: object): readonly PromptChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const own = (value: object, name: string): unknown =>
    Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
  return names.flatMap((name) => diffValue(`${path}.${name}`, own(before, name), own(after, name)));
}

function diffValue(path: string, before: unknown, after: unknown): readonly PromptChange[] {
  if (before === undefined && after === undefined) return [];
  if (before === undefined) return [{ path, kind: "added", after }];
  if (after === undefined) return [{ path, kind: "removed", before }];
  if (canonicalJson(before) === canonicalJson(after)) return [];
  const words = typeof before === "string" && typeof after === "string" ? diffWords(before, after) : undefined;
  return [{ path, kind: "changed", before, after, ...(words === undefined ? {} : { words }) }];
}

function diffWords(before: string, after: string): PromptChange["words"] {
  if (before.length + after.length > MAX_WORD_DIFF_CHARS) return undefined;
  return diffWordsWithSpace(before, after).map(({ value, added, removed }) => ({
    op: added ? "added" : removed ? "removed" : "same",
    text: value,
  }));
}

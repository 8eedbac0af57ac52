import { isNode, LineCounter, parseDocument } from "yaml";

export interface FilePlace {
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

/** Where a field of the content can stand in the front matter, nearest meaning first. */
const HOMES: readonly (readonly string[])[] = [
  ["millrace"],
  ["millrace", "settings"],
  ["config"],
  ["input", "schema"],
  ["output"],
  [],
];

/**
 * The place in a `.prompt` file of what an error calls `settings.temperature` or `few_shot[0].messages[1].role`; undefined when the
 * front matter does not hold it (a body has no fields). `homes` = [[]] where the path is the file's own, from its top.
 */
export function locateField(source: string, param: string, homes = HOMES): FilePlace | undefined {
  const frontMatter = /^---\r?\n([\s\S]*?)^---/m.exec(source)?.[1];
  if (frontMatter === undefined) return undefined;
  const lines = new LineCounter();
  const document = parseDocument(frontMatter, { lineCounter: lines });
  const path = Array.from(param.matchAll(/[^.[\]]+/g), ([part]) => (/^\d+$/.test(part) ? Number(part) : part));
  const tails = [path, path.slice(1)].filter((tail) => tail.length > 0);
  for (const tail of tails) {
    for (const home of homes) {
      const node: unknown = document.getIn([...home, ...tail], true);
      if (!isNode(node) || !node.range) continue;
      const { line, col } = lines.linePos(node.range[0]);
      // The line of `---` stands before the front matter.
      return { line: line + 1, column: col };
    }
  }
  return undefined;
}

import type { ShelfName } from "../objects/shelf-name.ts";

/** Message text fetched at once: a quarter of what one RPC may carry, and a statement's worth. */
const MAX_GROUP_BYTES = 8_000_000;

export interface Named<S> {
  readonly source: S;
  readonly name: ShelfName;
}

/** Names in groups of one outbox each, no group larger than fits in memory beside the statement made of it. */
export function groupNames<S>(named: readonly Named<S>[]): Named<S>[][] {
  const groups: Named<S>[][] = [];
  for (const of of Map.groupBy(named, ({ name }) => name.outbox).values()) {
    let bytes = Number.POSITIVE_INFINITY;
    for (const one of of) {
      bytes += one.name.bytes;
      const open = groups.at(-1);
      if (open !== undefined && bytes <= MAX_GROUP_BYTES) open.push(one);
      else {
        groups.push([one]);
        bytes = one.name.bytes;
      }
    }
  }
  return groups;
}

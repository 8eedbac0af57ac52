/** One slip in so many characters is a typo; more is another word, and so is any slip in a short one (`topK` is not `topP`). */
const CHARACTERS_FOR_A_SLIP = 5;
/** A beginning as long as this names what it begins. */
const SHORTEST_BEGINNING = 4;

/** The known name that was meant, whatever its case, hyphens and underscores; undefined when none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const plain = plainOf(name);
  const same = known.find((each) => plainOf(each) === plain);
  if (same !== undefined) return same;
  const reach = Math.floor(plain.length / CHARACTERS_FOR_A_SLIP);
  const [nearest] = known
    .map((each) => ({ each, slips: slipsBetween(plain, plainOf(each)) }))
    .filter(({ slips }) => slips <= reach)
    .toSorted((a, b) => a.slips - b.slips);
  if (nearest !== undefined) return nearest.each;
  if (plain.length < SHORTEST_BEGINNING) return undefined;
  return known.find((each) => plainOf(each).startsWith(plain));
}

function plainOf(name: string): string {
  return name.toLowerCase().replaceAll(/[-_\s]/g, "");
}

/** Levenshtein's distance: characters to put in, take out or change. Names of a file are short; a long one is no typo of ours. */
function slipsBetween(a: string, b: string): number {
  if (a.length > 64) return Number.POSITIVE_INFINITY;
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [row, character] of Array.from(a).entries()) {
    const current = [row + 1];
    for (let column = 1; column <= b.length; column++) {
      const changed = (above[column - 1] ?? 0) + (character === b[column - 1] ? 0 : 1);
      current.push(Math.min(changed, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    above = current;
  }
  return above[b.length] ?? 0;
}

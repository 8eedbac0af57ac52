/** The largest integer that the grammar writes: 15 digits survive a double. */
const LARGEST = 999_999_999_999_999;

const digitClass = (low: number, high: number) => (low === high ? `"${low}"` : `[${low}-${high}]`);
const anyDigits = (count: number) => (count === 0 ? "" : count === 1 ? " [0-9]" : ` [0-9]{${count}}`);

/** GBNF for the digit strings between two of equal length. */
function sameLength(low: string, high: string): string {
  const first = Number(low[0]);
  const last = Number(high[0]);
  const rest = low.length - 1;
  if (rest === 0) return digitClass(first, last);
  if (first === last) return `"${first}" ( ${sameLength(low.slice(1), high.slice(1))} )`;
  // An edge that is full (…000 below, …999 above) belongs to the middle; without this the choices double with each digit.
  const lowIsEdge = /[^0]/.test(low.slice(1));
  const highIsEdge = /[^9]/.test(high.slice(1));
  const [from, to] = [lowIsEdge ? first + 1 : first, highIsEdge ? last - 1 : last];
  const choices: string[] = [];
  if (lowIsEdge) choices.push(`"${first}" ( ${sameLength(low.slice(1), "9".repeat(rest))} )`);
  if (from <= to) choices.push(`${digitClass(from, to)}${anyDigits(rest)}`);
  if (highIsEdge) choices.push(`"${last}" ( ${sameLength("0".repeat(rest), high.slice(1))} )`);
  return choices.join(" | ");
}

function unsigned(low: number, high: number): string {
  const choices: string[] = [];
  for (let length = String(low).length; length <= String(high).length; length++) {
    const from = Math.max(low, length === 1 ? 0 : 10 ** (length - 1));
    const to = Math.min(high, 10 ** length - 1);
    choices.push(sameLength(String(from), String(to)));
  }
  return choices.join(" | ");
}

/** GBNF of the integers from `low` to `high`, both included; undefined = unbounded. Undefined when there is none. */
export function integerRange(low: number | undefined, high: number | undefined): string | undefined {
  const from = Math.max(low === undefined ? -LARGEST : Math.ceil(low), -LARGEST);
  const to = Math.min(high === undefined ? LARGEST : Math.floor(high), LARGEST);
  if (from > to) return undefined;
  const choices: string[] = [];
  if (from < 0) choices.push(`"-" ( ${unsigned(Math.max(1, -to), -from)} )`);
  if (to >= 0) choices.push(unsigned(Math.max(0, from), to));
  return choices.join(" | ");
}

const FRACTION = '( "." [0-9]{1,15} )?';

/**
 * GBNF of decimal numbers from `low` to `high`, both included; undefined when there is no whole number between them.
 * Fractional bounds are narrowed to whole ones: what is written is always inside.
 */
export function numberRange(low: number | undefined, high: number | undefined): string | undefined {
  const from = Math.max(low === undefined ? -LARGEST : Math.ceil(low), -LARGEST);
  const to = Math.min(high === undefined ? LARGEST : Math.floor(high), LARGEST);
  if (from > to) return undefined;
  const positive = (least: number, most: number) =>
    [...(most > least ? [`( ${unsigned(least, most - 1)} ) ${FRACTION}`] : []), `( ${unsigned(most, most)} )`].join(
      " | ",
    );
  const choices: string[] = [];
  if (from < 0) choices.push(`"-" ( ${positive(Math.max(0, -to), -from)} )`);
  if (to >= 0) choices.push(positive(Math.max(0, from), to));
  return choices.join(" | ");
}

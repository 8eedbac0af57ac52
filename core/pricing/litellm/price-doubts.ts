import type { Price } from "../../contract/index.ts";

/** Writing to a cache costs a quarter more than reading the input afresh, or twice as much for an hour; nobody asks more. */
const MAX_CACHE_WRITE_FACTOR = 2;

interface Doubt {
  readonly text: string;
  readonly holds: (price: Price, input: number) => boolean;
}

const writes = ({ rates }: Price): number[] =>
  [rates.cache_write, rates.cache_write_1h].filter((rate) => rate !== undefined).filter((rate) => rate > 0);

function batchInput({ modes }: Price): number {
  const batch = modes?.batch;
  return batch !== undefined && "rates" in batch ? (batch.rates.input ?? 0) : 0;
}

/** Published tables are wrong now and then, and these are the ways. */
const doubts: readonly Doubt[] = [
  { text: "cached input costs more than input", holds: ({ rates }, input) => (rates.cached_input ?? 0) > input },
  { text: "a cache write costs less than input", holds: (price, input) => writes(price).some((rate) => rate < input) },
  {
    text: "a cache write costs more than twice the input",
    holds: (price, input) => writes(price).some((rate) => rate > MAX_CACHE_WRITE_FACTOR * input),
  },
  { text: "batch input costs more than input", holds: (price, input) => batchInput(price) > input },
  {
    text: "input of a higher tier costs less",
    holds: ({ tiers }, input) => (tiers ?? []).some(({ rates }) => (rates.input ?? input) < input),
  },
];

/** What is unlikely about a price, one sentence each. */
export function priceDoubts(price: Price): string[] {
  const { input } = price.rates;
  return input === undefined ? [] : doubts.filter(({ holds }) => holds(price, input)).map(({ text }) => text);
}

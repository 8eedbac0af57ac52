import { sha256Hex } from "../content/index.ts";

/** Hex digits of a hash that fit a double's 53 bits. */
const HASH_DIGITS = 13;

/** A number in (0, 1) that depends on the text only. */
export function hashFraction(text: string): number {
  return (Number.parseInt(sha256Hex(text).slice(0, HASH_DIGITS), 16) + 0.5) / 16 ** HASH_DIGITS;
}

/**
 * Positions in the order of a weighted draw without replacement: each gets `-ln(u) / weight`, the smallest comes first. With chance as `u` it is
 * the sampling of P. Efraimidis and P. Spirakis ("Weighted random sampling with a reservoir", 2006); with a hash of subject and branch it is weighted
 * rendezvous hashing (C. Schindelhauer and G. Schomaker, 2005): a branch whose weight grows only takes subjects, one that leaves only gives them.
 */
export function drawOrder(weights: readonly number[], uniform: (position: number) => number): readonly number[] {
  const scores = weights.map((weight, position) => -Math.log(Math.max(uniform(position), Number.MIN_VALUE)) / weight);
  return scores
    .map((score, position) => ({ score, position }))
    .sort((a, b) => a.score - b.score)
    .map(({ position }) => position);
}

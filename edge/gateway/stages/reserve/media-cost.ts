import type { JsonObject, MediaSurface, Price, Rates } from "@millrace/core/contract";
import { mediaBound, type TokenBound } from "@millrace/core/ledger";
import { maxCost } from "@millrace/core/pricing";

const inputRates = ["input", "cached_input", "cache_write", "cache_write_1h", "audio_input", "image_input"] as const;
const outputRates = ["output", "reasoning", "audio_output", "image_output"] as const;

export interface MediaRequest {
  readonly surface: MediaSurface;
  readonly fields: Readonly<JsonObject>;
  readonly choices: number;
}

/**
 * The most that a request with pictures or sound can cost, in micro-dollars. Such a model is billed by tokens, by pictures, by seconds or by
 * characters: only what its price charges for is bounded, since the request could be counted in all of them.
 */
export function mediaCost(request: MediaRequest, tokens: TokenBound, price: Price): number | undefined {
  const { surface, fields, choices } = request;
  const { images, audioSeconds, characters } = mediaBound(surface, fields, choices);
  const charges = (names: readonly (keyof Rates)[]): boolean =>
    names.some(
      (name) => price.rates[name] !== undefined || price.tiers?.some(({ rates }) => rates[name] !== undefined),
    );
  return maxCost(
    {
      ...(charges(inputRates) ? { inputTokens: tokens.inputTokens } : {}),
      ...(charges(outputRates) ? { outputTokens: tokens.outputTokens } : {}),
      ...(charges(["images"]) ? { images } : {}),
      ...(charges(["audio_seconds"]) ? { audioSeconds } : {}),
      ...(charges(["characters"]) ? { characters } : {}),
    },
    price,
  );
}

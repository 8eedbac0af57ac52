import type { CompletionRequest } from "@millrace/core/contract";
import type { ModelInfo, Sampling } from "../engines/engine.ts";
import { unsupported } from "./refuse-unknown.ts";

type SamplingFields = Pick<
  CompletionRequest,
  "temperature" | "top_p" | "seed" | "presence_penalty" | "frequency_penalty" | "logit_bias"
>;

export interface SamplingDefaults {
  readonly temperature: number;
  readonly randomSeed: () => number;
}

/** llama.cpp's seeds are unsigned 32-bit numbers, of which the largest means "random". */
const SEED_MODULUS = 0xffff_ffff;

/** The sampling of choice `index`; a seed gives each choice its own stream, the same in every run. */
export function samplingOf(
  fields: SamplingFields,
  defaults: SamplingDefaults,
  model: ModelInfo,
): (index: number) => Sampling {
  const seed = fields.seed ?? defaults.randomSeed();
  const sampling = {
    temperature: fields.temperature ?? defaults.temperature,
    topP: fields.top_p ?? 1,
    presencePenalty: fields.presence_penalty ?? 0,
    frequencyPenalty: fields.frequency_penalty ?? 0,
    logitBias: logitBias(fields.logit_bias ?? {}, model),
  };
  return (index) => ({ ...sampling, seed: (((seed + index) % SEED_MODULUS) + SEED_MODULUS) % SEED_MODULUS });
}

function logitBias(bias: Readonly<Record<string, number>>, model: ModelInfo): (readonly [number, number])[] {
  return Object.entries(bias).map(([name, value]) => {
    const token = Number(name);
    if (token >= model.vocabularySize) {
      throw unsupported(
        `logit_bias.${name}`,
        `This model has ${model.vocabularySize} tokens; ${name} is none of them.`,
      );
    }
    if (model.endTokens.includes(token)) {
      throw unsupported(`logit_bias.${name}`, `Token ${name} ends the answer; this engine cannot bias it.`);
    }
    return [token, value] as const;
  });
}

/** `stop` as a list. */
export function stopsOf(stop: string | readonly string[] | null | undefined): readonly string[] {
  const list = typeof stop === "string" ? [stop] : (stop ?? []);
  list.forEach((text, index) => {
    if (text === "") throw unsupported(`stop[${index}]`, "An empty stop string would end every answer.");
  });
  return list;
}

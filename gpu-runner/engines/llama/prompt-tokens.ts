import type { PromptPart } from "./chat-template.ts";

export interface PromptTokensDeps {
  /** Tokenises text without recognising any control token. */
  readonly tokenizeText: (text: string) => readonly number[];
  /** Control tokens by text, longest first. */
  readonly controls: readonly (readonly [text: string, token: number])[];
}

/**
 * Parts → token ids. Control tokens are recognised in the template's parts only. Neighbouring plain text is tokenised in one run, so that
 * merges across the border of template and message come out as they do in training.
 */
export function promptTokens(parts: readonly PromptPart[], deps: PromptTokensDeps): number[] {
  const tokens: number[] = [];
  let run = "";
  const endRun = () => {
    if (run !== "") for (const token of deps.tokenizeText(run)) tokens.push(token);
    run = "";
  };
  for (const part of parts) {
    if (part.by === "message") {
      run += part.text;
      continue;
    }
    let rest = part.text;
    while (rest !== "") {
      const found = firstControl(rest, deps.controls);
      if (found === undefined) {
        run += rest;
        break;
      }
      run += rest.slice(0, found.at);
      endRun();
      tokens.push(found.token);
      rest = rest.slice(found.at + found.length);
    }
  }
  endRun();
  return tokens;
}

function firstControl(
  text: string,
  controls: readonly (readonly [string, number])[],
): { at: number; token: number; length: number } | undefined {
  let best: { at: number; token: number; length: number } | undefined;
  for (const [name, token] of controls) {
    const at = text.indexOf(name);
    if (at >= 0 && (best === undefined || at < best.at)) best = { at, token, length: name.length };
  }
  return best;
}

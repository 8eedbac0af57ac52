import type { JsonObject, JsonValue } from "../../contract/json-value.ts";
import type { PromptContent } from "../../contract/prompt.ts";
import { compact } from "./front-matter.ts";

/** The settings that both formats know, by their names there (Prompty's and dotprompt's agree on these). */
export const sharedNames: Readonly<Record<string, string>> = {
  temperature: "temperature",
  topP: "top_p",
  maxOutputTokens: "max_tokens",
  seed: "seed",
  stopSequences: "stop",
  presencePenalty: "presence_penalty",
  frequencyPenalty: "frequency_penalty",
};

/** Splits a format's options into settings and what Millrace does not read. */
export function settingsFromOptions(options: JsonObject): { settings: JsonObject; rest: JsonObject } {
  const settings: JsonObject = {};
  const rest: JsonObject = {};
  for (const [name, value] of Object.entries(options)) {
    const field = Object.hasOwn(sharedNames, name) ? sharedNames[name] : undefined;
    if (field === undefined) rest[name] = value;
    else settings[field] = value;
  }
  return { settings, rest };
}

/** The reverse: options in a format's names, and the settings that only Millrace has. */
export function optionsFromSettings(settings: PromptContent["settings"]): { options: JsonObject; own: JsonObject } {
  const { model: _model, ...fields } = settings;
  const values: Readonly<Record<string, JsonValue | undefined>> = fields;
  const shared = Object.entries(sharedNames);
  const options = compact(Object.fromEntries(shared.map(([name, field]) => [name, values[field]])));
  const sharedFields = new Set(Object.values(sharedNames));
  const own = compact(Object.fromEntries(Object.entries(values).filter(([field]) => !sharedFields.has(field))));
  return { options, own };
}

import type { JsonObject } from "../../contract/json-value.ts";
import { promptContentSchema, promptSettingsSchema, type PromptContent } from "../../contract/prompt.ts";
import { isJsonObject } from "./front-matter.ts";
import { sharedNames } from "./model-settings.ts";
import { nearestName } from "./nearest-name.ts";

/** Something in a `.prompt` file that looks like a setting, is kept for a faithful export, and does nothing. */
export interface IdleSetting {
  /** Its place in the front matter, such as `config.temperatur`. */
  readonly path: string;
  /** What to write instead, in a sentence. */
  readonly message: string;
}

/** Words that OpenAI's API has and a prompt has under another name. */
const otherWords: Readonly<Record<string, string>> = { max_completion_tokens: "maxOutputTokens" };
const configNames = Object.keys(sharedNames);
const sharedFields = new Set(Object.values(sharedNames));
/** Settings that no other format has a word for. */
const ownSettings = Object.keys(promptSettingsSchema.shape).filter(
  (field) => field !== "model" && !sharedFields.has(field),
);
const topLevel = ["model", "config", "input", "output", "millrace", "name", "description"];
/** Fields of the content that the file says in its body, at its top or nowhere. */
const saidElsewhere = new Set(["schema", "system", "variables", "output", "settings", "extensions"]);
const ownFields = Object.keys(promptContentSchema.shape).filter((field) => !saidElsewhere.has(field));

interface Home {
  /** How it is called there. */
  readonly name: string;
  /** Where that is. */
  readonly place: string;
}

const inConfig = (name: string): Home => ({ name, place: "under `config`" });

/** Every name that has an effect, and every other word for one → where it has it. */
const homes: ReadonlyMap<string, Home> = new Map([
  ...topLevel.map((name) => [name, { name, place: "at the top of the file" }] as const),
  ...[...ownFields, "settings"].map((name) => [name, { name, place: "under `millrace`" }] as const),
  ...ownSettings.map((name) => [name, { name, place: "under `millrace: settings`" }] as const),
  ["system", { name: "system", place: 'in the body, behind `{{role "system"}}`' }],
  ["variables", { name: "schema", place: "under `input`" }],
  ...Object.entries(sharedNames).map(([name, field]) => [field, inConfig(name)] as const),
  ...Object.entries(otherWords).map(([word, name]) => [word, inConfig(name)] as const),
  ...configNames.map((name) => [name, inConfig(name)] as const),
]);

/**
 * What an imported `.prompt` file sets without effect: names under `config` that Millrace does not read, names under `input` and
 * `output` likewise, and at the top what is nearly or elsewhere a name of ours. Other keys at the top, such as `metadata`, and those with a
 * dot in their name are other tools' business.
 */
export function findIdleSettings(content: PromptContent): readonly IdleSetting[] {
  const kept = content.extensions?.["dotprompt"];
  if (!isJsonObject(kept)) return [];
  const { config, input, output, ...top } = kept;
  return [
    ...namesOf(config).map((name) => ({ path: `config.${name}`, message: adviceFor(name, "config") })),
    ...namesOf(input).map((name) => ({ path: `input.${name}`, message: adviceFor(name, "input") })),
    ...namesOf(output).map((name) => ({ path: `output.${name}`, message: adviceFor(name, "output") })),
    ...namesOf(top).flatMap((name) => {
      const home = name.includes(".") ? undefined : homeOf(name);
      return home === undefined ? [] : [{ path: name, message: insteadOf(name, home) }];
    }),
  ];
}

function namesOf(value: JsonObject[string] | undefined): readonly string[] {
  return isJsonObject(value) ? Object.keys(value) : [];
}

function adviceFor(name: string, section: "config" | "input" | "output"): string {
  const taken = { config: configNames, input: ["schema", "default"], output: ["schema", "format"] }[section];
  const near = section === "config" ? undefined : nearestName(name, taken);
  const home = near === undefined ? homeOf(name) : { name: near, place: `under \`${section}\`` };
  if (home !== undefined) return insteadOf(name, home);
  const others = section === "config" ? `; \`millrace: settings\` takes ${ownSettings.join(", ")}` : "";
  return `\`${name}\` has no effect: \`${section}\` takes ${taken.join(", ")}${others}`;
}

function homeOf(name: string): Home | undefined {
  const known = nearestName(name, [...homes.keys()]);
  return known === undefined ? undefined : homes.get(known);
}

/** A word that is right and stands in the wrong place is sent to its place; any other is a guess. */
function insteadOf(name: string, home: Home): string {
  const advice = home.name === name ? `it belongs ${home.place}` : `did you mean \`${home.name}\`, ${home.place}?`;
  return `\`${name}\` has no effect here; ${advice}`;
}

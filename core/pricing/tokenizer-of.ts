import type { Tokenizer } from "../contract/index.ts";

/** The first that fits counts. Source: the model table of OpenAI's tiktoken. */
const families: readonly { readonly names: RegExp; readonly tokenizer: Tokenizer }[] = [
  {
    names: /^(?:ft:)?(?:chatgpt-4o|gpt-4o|gpt-4\.[15]|gpt-[5-9]|o[134](?:-|$)|(?:openai\/)?gpt-oss)/,
    tokenizer: "o200k_base",
  },
  { names: /^(?:ft:)?(?:gpt-4|gpt-3\.5|gpt-35|text-embedding-(?:3|ada-002))/, tokenizer: "cl100k_base" },
];

/** The tokenizer of a model, by the name that its provider knows it by (a vendor may stand in front); undefined where none is published here. */
export function tokenizerOf(model: string): Tokenizer | undefined {
  const name = model.replace(/^(?:openai|azure)\//, "");
  return families.find(({ names }) => names.test(name))?.tokenizer;
}

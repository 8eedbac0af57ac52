import { providerKindSchema, providerKinds } from "../contract/index.ts";

/** The kinds of providers in prose, for the reference documentation. */
export function describeKinds(): string {
  const lines = providerKindSchema.options.map((kind) => {
    const { title, settings } = providerKinds[kind];
    const named = settings.map(({ name, required }) => `\`${name}\`${required ? " (needed)" : ""}`).join(", ");
    return `\`${kind}\` (${title}${named === "" ? "" : `; settings ${named}`})`;
  });
  return `Kinds: ${lines.join(", ")}.`;
}
